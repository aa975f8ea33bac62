"""Facts that were stored once can be loaded for ever: samples as they stand in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import Aggregate, DomainEvent

from services.notifications.domain.directory_entry import DirectoryEntry
from services.notifications.domain.mail_domains import MailDomains
from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageStatus
from services.notifications.messaging.outbound import publish
from services.notifications.read_model.message_list import MessageList, MessageRow
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec

SAMPLES: dict[str, Any] = orjson.loads(
    (Path(__file__).parent / "samples" / "notifications.json").read_bytes()
)
OUTSIDE = "a warning that a mailer outside delivers"
DOMAINS = "the mail domains of an LEA"
MAIL, DIRECTORY = "a mail that was deferred, refused, and sent again", "the directory of an LEA"
FACTS = [
    (UUID(stream["id"]), version, fact)
    for stream in SAMPLES.values()
    for version, fact in enumerate(stream["facts"], start=1)
]


def loaded(stream_id: UUID, version: int, fact: dict[str, Any]) -> DomainEvent:
    return Codec().decode(fact["topic"], orjson.dumps(fact["state"]), stream_id, version)


def stream(name: str) -> list[DomainEvent]:
    return [loaded(*each) for each in FACTS if str(each[0]) == SAMPLES[name]["id"]]


def topics(kind: type[Aggregate]) -> set[str]:
    facts = [each for each in vars(kind).values() if isinstance(each, type) and issubclass(each, DomainEvent)]
    return {str(vars(fact).get("TOPIC") or fact.TOPIC) for fact in facts if hasattr(fact, "TOPIC")}


def test_there_is_a_sample_of_every_fact() -> None:
    never_stored = {
        f"notifications.{kind}.created" for kind in ("message", "directory_entry", "mail_domains")
    }
    sampled = {fact["topic"] for _, _, fact in FACTS}
    assert (topics(Message) | topics(DirectoryEntry) | topics(MailDomains)) - never_stored == sampled


@pytest.mark.parametrize(("stream_id", "version", "fact"), FACTS, ids=lambda part: str(part)[:60])
def test_a_stored_fact_is_stored_the_same_way_today(
    stream_id: UUID, version: int, fact: dict[str, Any]
) -> None:
    again = Codec().encode(loaded(stream_id, version, fact))
    assert (again.topic, orjson.loads(again.state)) == (fact["topic"], fact["state"])


def test_what_is_published_of_stored_facts_stays_the_same() -> None:
    published = [type(event).__name__ for fact in stream(MAIL) if (event := publish(fact)) is not None]
    assert published == ["NotificationCreated", "NotificationFailed", "NotificationDelivered"]
    assert [publish(fact) for fact in stream(DIRECTORY)] == [None, None]


def test_a_stored_mail_is_published_whole_also_when_it_is_sent_again() -> None:
    published = [event for fact in stream(OUTSIDE) if (event := publish(fact)) is not None]
    names = [type(event).__name__.removeprefix("Notification") for event in published]
    assert names == ["Created", "Failed", "ResendRequested", "Delivered"]
    created, again = published[0].model_dump(), published[2].model_dump()
    assert {**created, "resent_at": again["resent_at"]} == {**again, "created_at": created["created_at"]}
    assert created["sender"] == {"name": "STAIRS", "email": "stairs@stairs.example.org"}
    assert created["list_id"] == "<stairs.stairs.example.org>"


def test_a_mail_of_a_time_before_mailers_outside_is_published_as_far_as_it_was_kept() -> None:
    created = publish(stream(MAIL)[0])
    assert created is not None
    shown = created.model_dump()
    assert (shown["sender"], shown["fits_until"]) == (None, None)
    assert shown["list_id"] == "<stairs.stairs.example.org>"


def test_a_stored_message_stands_where_it_stood() -> None:
    message = aggregate_of(Message, UUID(SAMPLES[MAIL]["id"]), stream(MAIL), None)
    assert (message.status, message.attempts, message.resends) == (MessageStatus.DELIVERED, 3, 1)
    assert len(message.recipients) == 3


def test_a_stored_message_is_listed_as_it_was() -> None:
    row: MessageRow | None = None
    for fact in stream(MAIL):
        row = MessageList().fold(row, fact)
    assert row is not None
    assert (row["status"], row["attempts"], row["version"]) == ("delivered", 3, 8)


def test_a_stored_directory_names_whom_it_named() -> None:
    entry = aggregate_of(DirectoryEntry, UUID(SAMPLES[DIRECTORY]["id"]), stream(DIRECTORY), None)
    assert [contact.email for contact in entry.contacts] == ["lee.leader@lea.example.org"]


def test_stored_mail_domains_are_those_that_they_were() -> None:
    known = aggregate_of(MailDomains, UUID(SAMPLES[DOMAINS]["id"]), stream(DOMAINS), None)
    assert (known.cds, known.domains) == ("1964733", ("lea.example.org", "school.example.org"))
    assert [publish(fact) for fact in stream(DOMAINS)] == [None, None]
