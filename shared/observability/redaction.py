"""No SSID in a log line or an error: a bare run of exactly ten digits is taken for one (A-17, contract §2).

But not inside a UUID or a trace id: of 32 hexadecimal digits by chance, one in thirty holds such a run.
"""

from __future__ import annotations

import re

from shared.kernel.ssid import TEN_DIGITS, holds_ssid

MASK = "**********"

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TRACE_ID = r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])"
_SUSPECT = re.compile(rf"({_UUID}|{_TRACE_ID})|{TEN_DIGITS.pattern}")


def redact(text: str) -> str:
    """The text with each bare run of exactly ten digits masked, outside of UUIDs and trace ids."""
    if not holds_ssid(text):
        return text
    return _SUSPECT.sub(lambda found: found.group(1) or MASK, text)


def redact_value(value: object) -> object:
    """The same for anything that may stand in a log line; what is no JSON value becomes its text."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if redact(str(value)) == str(value) else MASK
    if isinstance(value, dict):
        return {redact(str(key)): redact_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact_value(item) for item in value]
    return redact(str(value))
