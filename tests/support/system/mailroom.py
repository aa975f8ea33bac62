"""The mailbox of a long run, read once: each mail when it is new, its arrivals by their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from deploy.console.local.mailbox import ReceivedMail, read_mail

Said = tuple[str | None, str | None, tuple[str, ...], str, str]  # kind, case, to whom, subject, text


@dataclass
class Mailroom:
    """What lies in the folder, as far as it was read."""

    folder: Path
    mails: dict[str, ReceivedMail] = field(default_factory=dict)  # by file name; arrivals as when it was read

    def look(self) -> None:
        """Read what is new."""
        for path in self.folder.glob("*.eml"):
            if path.name not in self.mails:
                self.mails[path.name] = read_mail(path)

    def confirmed(self) -> Counter[str]:
        """How many confirmations there are of each case."""
        return Counter(
            mail.case_number
            for mail in self.mails.values()
            if mail.kind == "case_submitted" and mail.case_number
        )

    def repeats(self) -> int:
        """How often a mail came that had come before, under its own Message-ID."""
        return sum(max(0, len(path.read_bytes().splitlines()) - 1) for path in self.folder.glob("*.arrivals"))

    def said_twice(self) -> list[Said]:
        """What came twice under two Message-IDs."""
        said = Counter(
            (mail.kind, mail.case_number, mail.to, mail.subject, mail.text) for mail in self.mails.values()
        )
        return [words for words, count in said.items() if count > 1]
