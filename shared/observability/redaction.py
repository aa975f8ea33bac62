"""No SSID in a log line or an error: what ``shared.kernel.ssid`` takes for one is masked (A-55, contract §2).

But not inside a UUID: of those by chance, one in a hundred holds ten digits in a row. What a caller sends as
a UUID is judged where it comes in (``correlation``).
"""

from __future__ import annotations

import re

from shared.kernel.ssid import holds_ssid, without_ssids

MASK = "**********"

_UUID = re.compile(r"([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})")


def redact(text: str) -> str:
    """The text with everything masked that may be an SSID, outside of UUIDs."""
    if not holds_ssid(text):
        return text
    # a pattern with a group: every second part is a UUID
    parts = _UUID.split(text)
    return "".join(part if at % 2 else without_ssids(part, MASK) for at, part in enumerate(parts))


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
