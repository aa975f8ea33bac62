"""What an SSID looks like: ten digits.

Free text that holds a run of exactly ten digits is taken to hold an SSID (A-17). A longer run is not: a
school's CDS code, for example, has fourteen digits.
"""

from __future__ import annotations

import re

TEN_DIGITS = re.compile(r"(?<!\d)\d{10}(?!\d)")
"""A run of exactly ten digits, with no further digit before or behind it."""


def is_ssid(value: object) -> bool:
    """Whether a value is an SSID as it is sent: text of exactly ten ASCII digits (§6.5)."""
    return isinstance(value, str) and len(value) == 10 and value.isascii() and value.isdigit()


def holds_ssid(text: str) -> bool:
    """Whether free text holds what may be an SSID; digits of other scripts count, too."""
    return TEN_DIGITS.search(text) is not None


def without_ssids(text: str, instead: str) -> str:
    """The text with these words in place of everything that may be an SSID."""
    return TEN_DIGITS.sub(lambda _: instead, text)
