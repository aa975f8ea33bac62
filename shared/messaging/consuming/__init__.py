"""Consumes messages: the feeds, the consumer, and the checks before a handler sees a message."""
