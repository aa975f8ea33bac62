"""What free text may not hold."""

from __future__ import annotations

from services.appeals.domain.errors import SsidInText
from shared.kernel.ssid import holds_ssid


def require_no_ssid_in(*texts: str | None) -> None:
    """Take text without a bare run of ten digits, in all likelihood an SSID: none is ever held here (A-17).

    :raises SsidInText: without repeating the text.
    """
    if any(holds_ssid(text) for text in texts if text):
        raise SsidInText("Ten digits in a row look like an SSID. Name students by their reference only.")
