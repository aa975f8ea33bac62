"""The question side: the list of messages in scope, and the queue of what is to be sent."""
