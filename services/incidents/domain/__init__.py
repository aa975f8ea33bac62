"""What a case is and which rules it obeys; nothing here reads a clock, a file or a database."""
