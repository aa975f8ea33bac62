"""What this service does by itself about its own facts: its deadlines."""
