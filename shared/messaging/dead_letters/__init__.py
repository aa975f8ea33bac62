"""Messages that could not be handled: parked, looked at, replayed or discarded."""
