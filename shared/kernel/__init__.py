"""Pure words and ports that a domain may know: refusals, the caller, the clock, the store."""
