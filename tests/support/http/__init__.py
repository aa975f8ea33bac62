"""Tokens, problems, and a small service on the chassis."""
