"""Adapters of the application's ports that are no read model."""
