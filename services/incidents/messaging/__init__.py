"""Translators at the border of published events: our facts to theirs, theirs to our commands."""
