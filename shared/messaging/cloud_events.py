"""CloudEvents 1.0 on the wire: Kafka's binary mode, and structured JSON for ``/v1/changes``.

Incoming messages are not trusted: one that is not a complete event raises ``MalformedEvent``, whose reason
says what is wrong and never repeats the data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.contracts.envelope import CloudEvent
from shared.messaging.kafka.client import Headers, Record
from shared.observability.correlation import sane_correlation_id, sane_traceparent

SPECIFICATION = "1.0"
CONTENT_TYPE = "application/json"
LONGEST = 512  # characters of an attribute

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
SEQUENCE = re.compile(r"[0-9]{1,18}")


class MalformedEvent(ValueError):  # noqa: N818 - says what is so
    """A message that is not one of our events; its words say what is wrong with it."""


def to_record(event: CloudEvent, topic: str) -> Record:
    """The event as a Kafka message in binary mode: attributes in headers, data in the value."""
    headers = [(f"ce_{name}", value.encode()) for name, value in _attributes(event).items()]
    headers.append(("content-type", CONTENT_TYPE.encode()))
    if event.traceparent is not None:
        headers.append(("traceparent", event.traceparent.encode()))
    return Record(topic, event.key.encode(), orjson.dumps(event.data), tuple(headers))


def from_message(headers: Headers, value: bytes) -> CloudEvent:
    """The event in a Kafka message.

    :raises MalformedEvent: an attribute is missing, doubled or not what it should be;
        the value is no JSON object.
    """
    given = _texts(headers)
    _content_type(given.get("content-type", ""))
    attributes = {name.removeprefix("ce_"): text for name, text in given.items() if name.startswith("ce_")}
    return _event(attributes, _object(value), given.get("traceparent"))


def to_json(event: CloudEvent) -> dict[str, Any]:
    """The event in structured mode, as an object that JSON can hold."""
    structured: dict[str, Any] = {**_attributes(event), "datacontenttype": CONTENT_TYPE, "data": event.data}
    if event.traceparent is not None:
        structured["traceparent"] = event.traceparent
    return structured


def from_json(item: object) -> CloudEvent:
    """The event in structured mode.

    :raises MalformedEvent: as for a Kafka message.
    """
    if not isinstance(item, Mapping):
        raise MalformedEvent("the event is not an object")
    _content_type(item.get("datacontenttype", CONTENT_TYPE))
    data = item.get("data")
    if not isinstance(data, dict):
        raise MalformedEvent("data is not an object")
    texts = {name: value for name, value in item.items() if isinstance(value, str)}
    return _event(texts, data, texts.get("traceparent"))


def _attributes(event: CloudEvent) -> dict[str, str]:
    if event.time.tzinfo is None:
        raise ValueError(f"the time of {event.type} has no offset")
    attributes = {
        "specversion": SPECIFICATION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": _text_of(event.time),
        "sequence": str(event.sequence),
        "partitionkey": event.key,
    }
    if event.correlation_id is not None:
        attributes["correlationid"] = event.correlation_id
    if event.recorded_at is not None:
        attributes["recordedtime"] = _text_of(event.recorded_at)
    return attributes


def _text_of(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _texts(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in headers:
        if name in texts:
            raise MalformedEvent(f"{_shown(name)} is given twice")
        try:
            texts[name] = value.decode()
        except UnicodeDecodeError:
            raise MalformedEvent(f"{_shown(name)} is not UTF-8") from None
    return texts


def _shown(name: str) -> str:
    return ascii(name[:60])


def _content_type(given: object) -> None:
    if not isinstance(given, str) or given.split(";")[0].strip().lower() != CONTENT_TYPE:
        raise MalformedEvent(f"content-type is not {CONTENT_TYPE}")


def _object(value: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise MalformedEvent("the value is not JSON") from None
    if not isinstance(data, dict):
        raise MalformedEvent("the value is not a JSON object")
    return data


def _event(attributes: Mapping[str, str], data: dict[str, Any], traceparent: str | None) -> CloudEvent:
    text = _reader(attributes)
    if text("specversion") != SPECIFICATION:
        raise MalformedEvent(f"specversion is not {SPECIFICATION}")
    _refuse_nul(data)
    return CloudEvent(
        id=text("id"),
        source=text("source"),
        type=text("type"),
        time=_instant(text("time")),
        subject=text("subject"),
        key=text("partitionkey"),
        sequence=_sequence(text("sequence")),
        data=data,
        traceparent=sane_traceparent(traceparent),
        correlation_id=sane_correlation_id(attributes.get("correlationid")),
        recorded_at=_sane_instant(attributes.get("recordedtime")),
    )


def _refuse_nul(data: dict[str, Any]) -> None:
    """Refuse NUL characters: PostgreSQL cannot store them, so a fact with one would stop every projection."""
    waiting: list[object] = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((*value.keys(), *value.values()))
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and "\0" in value:
            raise MalformedEvent("a text in the data holds the character NUL")


def _reader(attributes: Mapping[str, str]) -> Callable[[str], str]:
    def text(name: str) -> str:
        value = attributes.get(name)
        if not value:
            raise MalformedEvent(f"{name} is missing")
        if len(value) > LONGEST or not value.isprintable():
            raise MalformedEvent(f"{name} is too long, or holds characters that no attribute may hold")
        return value

    return text


def _instant(text: str) -> datetime:
    try:
        if INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MalformedEvent("time is not an instant of RFC 3339 with an offset")


def _sane_instant(text: str | None) -> datetime | None:
    """An instant that only metrics use; None if it is absent or cannot be read."""
    try:
        return None if text is None else _instant(text)
    except MalformedEvent:
        return None


def _sequence(text: str) -> int:
    if not SEQUENCE.fullmatch(text):
        raise MalformedEvent("sequence is not a position")
    return int(text)
