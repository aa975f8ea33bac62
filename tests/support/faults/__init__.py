"""Connections that can be disturbed."""
