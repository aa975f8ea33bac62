"""What may be asked of this service: one method per command or question; knows no web, SQL or broker."""
