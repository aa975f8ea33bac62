"""Requests as bytes, for clients that send exactly these."""

from __future__ import annotations

from collections.abc import Mapping

BOUNDARY = "----stairs"


def request(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    token: str | None = None,
    kind: str = "application/json",
) -> bytes:
    """Head and body.

    :param kind: the body's media type; told only where there is a body.
    """
    lines = [f"{method} {path} HTTP/1.1", "Host: stairs"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def form_of_files(parts: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The media type and the body of a form."""
    told = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (BOUNDARY.encode(), name.encode(), content)
        for name, content in parts.items()
    )
    return f"multipart/form-data; boundary={BOUNDARY}", told + f"--{BOUNDARY}--\r\n".encode()
