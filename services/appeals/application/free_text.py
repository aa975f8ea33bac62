"""Keeps SSIDs out of free text."""

from __future__ import annotations

from services.appeals.domain.errors import SsidInText
from shared.kernel.ssid import HOW_TO_WRITE, holds_ssid


def require_no_ssid_in(*texts: str | None) -> None:
    """Require that no text holds what may be an SSID: this service stores none (A-55).

    :raises SsidInText: one does; the refusal does not repeat the text.
    """
    if any(holds_ssid(text) for text in texts if text):
        raise SsidInText(
            f"Ten digits in a row look like an SSID. Name students by their reference only. {HOW_TO_WRITE}"
        )
