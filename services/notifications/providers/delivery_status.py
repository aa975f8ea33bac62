"""What a delivery status notification says (RFC 3464): for whom a mail could not be delivered, and why.

It comes from anywhere, so it is read by a few lines of our own, in one pass over bounded octets: nothing is
decoded, and a report of another form is no report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LARGEST = 262_144  # bytes: a report with the whole of our longest mail; the rest is cut by the mail server
MOST_RECIPIENTS = 100  # in one report

_BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[A-Za-z0-9-]+\s*;)?\s*<?(?P<address>[^\s<>]{1,254})>?\s*")


@dataclass(frozen=True)
class Undelivered:
    """One recipient that a mail did not reach."""

    addresses: tuple[str, ...]  # the one that we wrote first, where the report knows it
    status: str  # RFC 3463: "5.1.1"
    diagnostic: str  # what the last mail server said, in its own words


def undelivered(octets: bytes) -> list[Undelivered]:
    """The recipients that a report says were not reached; none for a mail that is no such report."""
    head, _, body = octets.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = _fields(head)
    kind = fields.get("content-type", b"")
    if not kind.lower().startswith(b"multipart/report"):
        return []
    for part in _parts(kind, body):
        part_head, _, part_body = part.partition(b"\n\n")
        if _fields(part_head).get("content-type", b"").lower().startswith(b"message/delivery-status"):
            return list(_failed(part_body))
    return []


def _parts(kind: bytes, body: bytes) -> Iterator[bytes]:
    named = _BOUNDARY.search(kind)
    if named is not None:
        mark = b"\n--" + (named[1] or named[2])
        for part in (b"\n" + body).split(mark)[1:]:
            yield part.partition(b"\n")[2]


def _failed(report: bytes) -> Iterator[Undelivered]:
    blocks = [block for block in report.split(b"\n\n") if block.strip()]
    for block in blocks[1 : MOST_RECIPIENTS + 1]:  # the first is about the report itself
        fields = {name: value.decode("ascii", "replace") for name, value in _fields(block).items()}
        addresses = tuple(_addresses(fields))
        if fields.get("action", "").strip().lower() == "failed" and addresses:
            yield Undelivered(addresses, fields.get("status", "").strip(), _words(fields))


def _addresses(fields: Mapping[str, str]) -> Iterator[str]:
    for name in ("original-recipient", "final-recipient"):
        found = _ADDRESS.fullmatch(fields.get(name, ""))
        if found is not None:
            yield found["address"]


def _words(fields: Mapping[str, str]) -> str:
    return fields.get("diagnostic-code", "").partition(";")[2].strip()


def _fields(head: bytes) -> Mapping[str, bytes]:
    """The fields of a block by their names in lower case; of a repeated one the first."""
    found: dict[str, bytes] = {}
    last = ""
    for line in head.strip(b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if last:
                found[last] += b" " + line.strip()
            continue
        name, colon, value = line.partition(b":")
        last = name.strip().decode("ascii", "replace").lower() if colon else ""
        if last in found:
            last = ""
        elif last:
            found[last] = value.strip()
    return found
