"""Messages in: feeds, the consumer, and what is judged before a handler sees a message."""
