"""How a mail leaves: one file and one table of answers per channel."""
