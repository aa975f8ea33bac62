"""What free text may not hold."""

from __future__ import annotations

import re

from services.appeals.domain.errors import SsidInText

TEN_DIGITS = re.compile(r"(?<!\d)\d{10}(?!\d)")


def require_no_ssid_in(*texts: str | None) -> None:
    """Take text without a bare run of ten digits, in all likelihood an SSID: none is ever held here (A-17).

    :raises SsidInText: without repeating the text.
    """
    if any(TEN_DIGITS.search(text) for text in texts if text):
        raise SsidInText("Ten digits in a row look like an SSID. Name students by their reference only.")
