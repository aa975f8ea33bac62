"""What one caller and one LEA may take of an API.

    build_app(…, shares=settings.shares)

Every number is for one process. ``docs/operations.md`` says what each is for, ADR 0027 why there are these.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.http.shares import ShareLimits

USUAL_SHARES = ShareLimits()
ONE_ACT = 500  # mails that one act of many decisions may cause


def _share(name: str, least: int, description: str) -> Any:  # noqa: ANN401 - as pydantic types its fields
    return Field(default=getattr(USUAL_SHARES, name), ge=least, le=10**12, description=description)


class ShareSettings(BaseSettings):
    """The settings that begin with ``SHARE_``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    share_requests_per_caller: int = _share(
        "requests_per_caller",
        1,
        "requests of one caller in a minute; more is answered with 429, as all below",
    )
    share_requests_per_lea: int = _share("requests_per_lea", 1, "the same of all callers of one LEA")
    share_bytes_per_caller: int = _share(
        "bytes_per_caller", 1_000_000, "bytes of bodies and answers of one caller in a minute"
    )
    share_bytes_per_lea: int = _share("bytes_per_lea", 1_000_000, "the same of all callers of one LEA")
    share_bodies_per_caller: int = _share(
        "bodies_per_caller", 1, "requests with a body that one caller may have under way at once"
    )
    share_bodies_per_lea: int = _share("bodies_per_lea", 1, "the same of all callers of one LEA")
    share_uploads_per_caller: int = _share(
        "uploads_per_caller", 1, "uploaded files that one caller may have under way at once"
    )
    share_uploads_per_lea: int = _share("uploads_per_lea", 1, "the same of all callers of one LEA")
    share_at_work_per_caller: int = _share(
        "at_work_per_caller", 1, "requests of one caller that are worked on at once; more wait for them"
    )
    share_mails_per_caller: int = _share(
        "mails_per_caller", ONE_ACT, "mails that the acts of one caller may cause in an hour"
    )
    share_mails_per_lea: int = _share("mails_per_lea", ONE_ACT, "the same of all callers of one LEA")

    @property
    def shares(self) -> ShareLimits:
        """The limits of each caller and LEA."""
        prefix = "share_"
        told = {name.removeprefix(prefix): getattr(self, name) for name in ShareSettings.model_fields}
        return ShareLimits(**told)
