"""A token's frame and its header (RFC 7515 §4), judged before any key is looked for."""

from __future__ import annotations

import base64
import re

from shared.http.bounded_json import bounded_object

LONGEST_TOKEN = 16_384  # characters; Entra ID's with two hundred groups has some 10,000
LONGEST_HEADER = 4_096  # characters in base64; one with a certificate chain has some 3,000

TYPES = frozenset({"jwt", "at+jwt"})
"""What ``typ`` may say of an access token (RFC 7519 §5.1, RFC 9068 §2.1); other types are for other uses."""

# the segments of a signed token in base64url; without it, one signature could be written in many ways
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def header_of(token: str) -> dict[str, object]:
    """The header of a token that may be an access token.

    :raises ValueError: no signed token, longer than any, of another type, or one that asks for an extension.
    """
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise ValueError("not a signed token of a usual length")
    encoded = token.split(".", 1)[0]
    if len(encoded) > LONGEST_HEADER:
        raise ValueError("a header longer than any")
    header = bounded_object(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    if "crit" in header or "b64" in header:
        # RFC 7515 §4.1.11: what must be understood and is not, makes the token invalid; we know no extension
        raise ValueError("an extension that is not understood")
    if "typ" in header and media_type(header["typ"]) not in TYPES:
        raise ValueError("a token of another type")
    return header


def media_type(typ: object) -> str | None:
    """A ``typ`` in its short form: case does not count, nor does ``application/`` (RFC 7515 §4.1.9)."""
    if not isinstance(typ, str):
        return None
    short = typ.lower().removeprefix("application/")
    return typ.lower() if "/" in short else short
