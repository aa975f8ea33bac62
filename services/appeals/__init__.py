"""The appeals service; start with its README."""
