"""What the image is beside the services: its entry point, its health check, and the one-offs around them."""
