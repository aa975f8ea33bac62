"""As much of a service as its migrations need."""
