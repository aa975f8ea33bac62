"""What can be asked of the service, over the ports that it needs; no web, no SQL, no broker."""
