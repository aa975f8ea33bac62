"""Publishes facts: the relay, the public feed, and republishing to a topic that was lost."""
