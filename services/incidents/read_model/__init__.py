"""The question side: rows that are folded from the facts, and the search over them."""
