"""Facts out: the relay, the public feed, and filling a lost topic again."""
