"""The notifications service; start with its README."""
