"""Whereto a mail is returned that cannot be delivered: an address that says which mail, and that we wrote it.

    bounces+<message>.<resend>.<tag>@stairs.example.org

The tag is keyed, so that nobody makes reports about mails that they never got. Whoever got one could; all
that it brings about is that a failure of theirs is shown.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from uuid import UUID

SHORTEST_KEY = 32  # characters
LONGEST_LOCAL_PART = 14  # of the address itself: with all that is added, 64 (RFC 5321 §4.5.3.1.1)
MOST_RESENDS = 999

_ADDED = re.compile(r"(?P<message>[0-9a-f]{32})\.(?P<resend>[0-9]{1,3})\.(?P<tag>[0-9a-f]{12})")


def with_room(address: str) -> str:
    """The address, if a mail's id can be added to it.

    :raises ValueError: it is too long for that, or has an addition already.
    """
    local = address.partition("@")[0]
    if len(local) > LONGEST_LOCAL_PART or "+" in local:
        raise ValueError(f"not at most {LONGEST_LOCAL_PART} characters without a + before the @")
    return address


@dataclass(frozen=True)
class ReturnPaths:
    """The return addresses of all mails.

    :param address: the mailbox that they belong to; ``key``: what the tags are made with.
    """

    address: str
    key: str = field(repr=False)

    def of(self, notification_id: UUID, resend: int) -> str:
        """The return address of a message's mail; each time that it is sent anew, it is another one."""
        local, _, domain = self.address.partition("@")
        added = f"{notification_id.hex}.{min(resend, MOST_RESENDS)}"
        return f"{local}+{added}.{self._tag(added)}@{domain}"

    def read(self, address: str) -> tuple[UUID, int] | None:
        """Which message, and which sending of it; None if it is no return address of ours."""
        ours, _, our_domain = self.address.casefold().partition("@")
        local, _, domain = address.casefold().partition("@")
        mailbox, _, added = local.partition("+")
        found = _ADDED.fullmatch(added)
        if found is None or (mailbox, domain) != (ours, our_domain):
            return None
        said = f"{found['message']}.{found['resend']}"
        if not hmac.compare_digest(self._tag(said), found["tag"]):
            return None
        return UUID(found["message"]), int(found["resend"])

    def _tag(self, added: str) -> str:
        return hmac.new(self.key.encode(), added.encode(), hashlib.sha256).hexdigest()[:12]
