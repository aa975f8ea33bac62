"""A form with one file in it (RFC 7578), taken apart once the caller is known and allowed to send it.

The file is judged by its content, so its name is not even looked at: it may be encoded in any of the ways
that clients have (RFC 2047, RFC 8187, raw UTF-8), end in a blank, or be missing.
"""

from __future__ import annotations

import re

from fastapi import Request

from shared.http.problem import MalformedRequest, UnsupportedMedia
from shared.http.validation import ValidationFailed
from shared.kernel.errors import Issue, Refusal

MEDIA_TYPE = "multipart/form-data"
LONGEST_HEAD = 8192  # bytes of a part's header fields
FILE = "file"

ONE_FILE = "The form holds one file, under the name file, and nothing else."

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf';\s*({_WORD})\s*=\s*("(?:[^"\\]|\\.)*"|[^;"\s]*)\s*')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_AS_IT_IS = frozenset({"", "binary", "8bit", "7bit"})


def file_form(description: str) -> dict[str, object]:
    """The request body of a route that takes one file, for ``openapi_extra``."""
    schema = {
        "type": "object",
        "required": [FILE],
        "properties": {
            # generators know no contentMediaType, and would send text
            FILE: {"type": "string", "format": "binary", "description": description}
        },
    }
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}}


async def the_file(request: Request) -> bytes:
    """The content of the form's only part.

    :raises UnsupportedMedia: the body is no form.
    :raises MalformedRequest: it is called a form, and is none.
    :raises ValidationFailed: it holds no file, or something beside it.
    """
    boundary, body = _boundary(request.headers.get("content-type", "")), await request.body()
    parts = _parts(body, boundary) if body else []
    if not parts:
        raise _failed("/file", "missing", "This property is required.")
    if len(parts) > 1:
        raise _failed("", "unknown_property", ONE_FILE)
    head, _, content = parts[0].partition(b"\r\n\r\n")
    if _name(_fields(head)) != FILE:
        raise _failed("", "unknown_property", ONE_FILE)
    return content


def meaning_of_form(content_type: str, body: bytes) -> tuple[bytes, ...]:
    """Name, file name, type and content of a form's only part; the bytes of any other, which is refused."""
    try:
        (part,) = _parts(body, _boundary(content_type))
        head, _, content = part.partition(b"\r\n\r\n")
        fields = _fields(head)
    except (Refusal, ValueError):
        return (body,)
    _, said = _told(fields.get("content-disposition", ""))
    names = (said.get(each, "").encode() for each in ("name", "filename", "filename*"))
    return (*names, fields.get("content-type", "").casefold().encode(), content)


def _boundary(content_type: str) -> bytes:
    media_type, parameters = _told(content_type)
    if media_type != MEDIA_TYPE:
        raise UnsupportedMedia(f"Send {MEDIA_TYPE}.")
    boundary = parameters.get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise MalformedRequest("The form's Content-Type names no boundary.")
    return boundary.encode("ascii")


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    """Head and content of each part, two at most: whoever asks wants one, and refuses two."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, 3)[1:]  # what stands before the first is no part
    parts: list[bytes] = []
    for piece in pieces:
        if piece.startswith(b"--"):
            return parts
        padding, line_end, part = piece.partition(b"\r\n")
        if padding.strip(b" \t") or not line_end:
            break
        parts.append(part)
        if len(parts) == 2:
            return parts
    raise MalformedRequest("The form does not end as it should.")


def _fields(head: bytes) -> dict[str, str]:
    if len(head) > LONGEST_HEAD:
        raise MalformedRequest("A part of the form has too long a head.")
    lines = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")  # a field may be folded
    told = (line.decode("utf-8", "replace").partition(":") for line in lines)
    fields = {name.strip().casefold(): value.strip() for name, _, value in told}
    if fields.get("content-transfer-encoding", "").casefold() not in _AS_IT_IS:
        raise MalformedRequest("Send the file as it is, without a Content-Transfer-Encoding.")
    return fields


def _name(fields: dict[str, str]) -> str | None:
    kind, parameters = _told(fields.get("content-disposition", ""))
    return parameters.get("name") if kind == "form-data" else None


def _told(field: str) -> tuple[str, dict[str, str]]:
    """A field's value and its parameters; what is no parameter ends them."""
    value, _, rest = field.partition(";")
    parameters: dict[str, str] = {}
    at, rest = 0, f";{rest}" if rest else ""
    while found := _PARAMETER.match(rest, at):
        text = found[2]
        if text.startswith('"'):
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        parameters.setdefault(found[1].casefold(), text)
        at = found.end()
    return value.strip().casefold(), parameters


def _failed(pointer: str, code: str, detail: str) -> ValidationFailed:
    issues = [Issue(pointer, code, detail)]
    return ValidationFailed("What was sent is not of the expected form; see errors.", issues=issues)
