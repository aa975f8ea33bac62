"""What a message and a directory entry are, who is to be told, and when to try again; pure."""
