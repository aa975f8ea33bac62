"""Feeds, consumers and relays for tests of messaging."""
