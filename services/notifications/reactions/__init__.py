"""What this service does by itself about its own facts: sending, and its deadline."""
