"""What an appeal is, who decides it, by when, and what it does; no IO, no clock of its own."""
