"""Writes the mail of one kind about one occasion.

A template is bound to a kind and to the exact state that it is sent in; a value that a template names and the
occasion does not have is an error, never an empty place (``StrictUndefined``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from services.notifications.domain.addresses import one_line
from services.notifications.domain.occasions import (
    Announcement,
    AppealOccasion,
    AppealRequested,
    CaseSubmitted,
    DecisionDeadline,
    DraftReminder,
    Occasion,
    ReportDeadline,
)
from services.notifications.domain.values import Content, MessageKind
from services.notifications.rulebooks.mail_words import (
    announcement_steps,
    announcement_words,
    decision_steps,
    decision_words,
    reminder_steps,
    reminder_words,
)
from services.notifications.rulebooks.policy import DEFAULT_YEAR, FOLDER, MailEntry, MailPolicy, policy_of
from services.notifications.rulebooks.summaries import (
    SummaryRow,
    appeal_rows,
    case_rows,
    day,
    pacific,
    plain,
    title,
)

TEMPLATES = FOLDER / "templates"
LONGEST_SUBJECT = 180


class TemplateMailWriter:
    """Writes the mails of all years; holds nothing but compiled templates."""

    def __init__(self, templates: Path = TEMPLATES) -> None:
        self._folder = templates
        self._templates = Environment(
            loader=FileSystemLoader(templates),
            autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(day=day, pacific=pacific, plain=plain)
        self._phrases: dict[str, Template] = {}

    def write(self, kind: MessageKind, occasion: Occasion) -> Content:
        """The subject and both bodies of one mail.

        :raises LookupError: no letter is bound to this kind and state.
        :raises jinja2.UndefinedError: a template names what the occasion does not have.
        """
        policy = policy_of(occasion.administration_year or DEFAULT_YEAR)
        letter = policy.letter(kind, occasion.state)
        words = self._words(kind, occasion, policy)
        words["subject"] = one_line(self._phrase(letter.subject, words), LONGEST_SUBJECT)
        return Content(
            subject=str(words["subject"]),
            body_text=self._templates.get_template(f"{letter.template}.txt.j2").render(words),
            body_html=self._templates.get_template(f"{letter.template}.html.j2").render(words),
            template=f"{policy.year}/{letter.template}",
            template_version=self._version(policy, letter),
        )

    def _words(self, kind: MessageKind, occasion: Occasion, policy: MailPolicy) -> dict[str, object]:
        words: dict[str, object] = {"policy": policy, "phones": policy.phones}
        if isinstance(occasion, CaseSubmitted):
            words |= _case_words(occasion, policy)
            steps = list(_case_steps(occasion, policy))
        elif isinstance(occasion, DraftReminder | ReportDeadline):
            words |= reminder_words(occasion, policy)
            steps = list(reminder_steps(occasion, policy))
        elif isinstance(occasion, DecisionDeadline):
            words |= decision_words(occasion, policy)
            steps = list(decision_steps(occasion, policy))
        elif isinstance(occasion, AppealOccasion):
            words |= _appeal_words(occasion, policy)
            steps = list(_appeal_steps(occasion, policy))
        elif isinstance(occasion, Announcement):
            words |= announcement_words(occasion, policy)
            steps = list(announcement_steps(kind, occasion, policy))
        else:
            raise TypeError(f"no words for {type(occasion).__name__}")
        words["contact"] = self._phrase(policy.contact.text, words)
        words["steps"] = [self._phrase(step, words) for step in steps]
        return words

    def _phrase(self, text: str, words: dict[str, object]) -> str:
        """A sentence of the policy with its names filled in; escaped later, where it is put into HTML."""
        if text not in self._phrases:
            self._phrases[text] = self._templates.from_string(text)
        return " ".join(self._phrases[text].render(words).split())

    def _version(self, policy: MailPolicy, letter: MailEntry) -> str:
        digest = hashlib.sha256(policy.model_dump_json().encode())
        for name in ("layout", letter.template):
            for extension in ("txt", "html"):
                digest.update((self._folder / f"{name}.{extension}.j2").read_bytes())
        return digest.hexdigest()[:16]


def _case_words(case: CaseSubmitted, policy: MailPolicy) -> dict[str, object]:
    rows: list[SummaryRow] = list(case_rows(case, policy))
    return {
        "case": case,
        "rows": rows,
        "severity": title(policy.severities, case.severity),
        "action": policy.recommended_actions[case.recommended_action].title,
        "appeal_titles": " or ".join(title(policy.appeal_types, code) for code in case.appeal_types),
    }


def _case_steps(case: CaseSubmitted, policy: MailPolicy) -> Iterator[str]:
    if case.pre_action is not None:
        yield from policy.pre_actions[case.pre_action].steps
    yield from policy.recommended_actions[case.recommended_action].steps
    for code in case.appeal_types:
        yield from policy.appeal_types[code].requested


def _appeal_words(appeal: AppealOccasion, policy: MailPolicy) -> dict[str, object]:
    due = appeal.decide_by if isinstance(appeal, AppealRequested) else None
    return {
        "appeal": appeal,
        "rows": list(appeal_rows(appeal, policy)),
        "appeal_title": title(policy.appeal_types, appeal.appeal_type),
        "due": pacific(due) if due else "",
    }


def _appeal_steps(appeal: AppealOccasion, policy: MailPolicy) -> Iterator[str]:
    if appeal.state == "approved":
        yield from policy.appeal_types[appeal.appeal_type].approved
    yield from policy.outcomes[appeal.state].steps
