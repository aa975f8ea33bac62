"""Logs and the correlation that runs through them."""
