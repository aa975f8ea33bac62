"""Translators at the HTTP border: request to command, result to answer; no rule, no try."""
