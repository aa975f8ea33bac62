"""Requests that schemathesis makes from the documents of the services."""
