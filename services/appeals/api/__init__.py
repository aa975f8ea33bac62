"""The border to HTTP: parse, one call, render; no rule, no try."""
