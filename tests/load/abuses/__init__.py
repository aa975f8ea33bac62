"""`make abuses`: what an honest client, and the service's memory, notice of ten abuses. Never a test."""
