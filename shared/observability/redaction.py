"""No SSID in a log line or an error: a bare run of exactly ten digits is taken for one (A-17, contract §2).

But not inside a UUID: of those by chance, one in a hundred holds such a run. What a caller sends as a UUID is
judged where it comes in (``correlation``).
"""

from __future__ import annotations

import re

from shared.kernel.ssid import TEN_DIGITS, holds_ssid

MASK = "**********"

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_SUSPECT = re.compile(rf"({_UUID})|{TEN_DIGITS.pattern}")


def redact(text: str) -> str:
    """The text with each bare run of exactly ten digits masked, outside of UUIDs."""
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
