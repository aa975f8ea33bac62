"""The small kernel that all services stand on; it knows no service."""
