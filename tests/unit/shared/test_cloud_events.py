from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import MalformedEvent, from_json, from_message, to_json, to_record
from shared.messaging.kafka.client import Headers

AN_EVENT = CloudEvent(
    id="6f2c0e5e-6f0b-4b8e-9d3c-0a2f4f1f7f11.3",
    source="/incidents",
    type="stairs.incident.submitted.v1",
    time=datetime(2019, 4, 12, 17, 0, tzinfo=UTC),
    subject="6f2c0e5e-6f0b-4b8e-9d3c-0a2f4f1f7f11",
    key="6f2c0e5e-6f0b-4b8e-9d3c-0a2f4f1f7f11",
    sequence=42,
    data={"case_number": "2018-19-000042", "student_count": 2, "late": False, "pre_action": None},
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    recorded_at=datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
RECORD = to_record(AN_EVENT, "stairs.incidents.v1")


def headers_with(name: str, value: bytes) -> Headers:
    return tuple((key, value if key == name else old) for key, old in RECORD.headers)


def headers_without(name: str) -> Headers:
    return tuple((key, value) for key, value in RECORD.headers if key != name)


def test_an_event_in_a_kafka_message_is_the_same_event_again() -> None:
    assert from_message(RECORD.headers, RECORD.value) == AN_EVENT


def test_an_event_in_structured_json_is_the_same_event_again() -> None:
    assert from_json(to_json(AN_EVENT)) == AN_EVENT


def test_the_headers_are_those_of_the_contract() -> None:
    assert dict(RECORD.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": AN_EVENT.id.encode(),
        "ce_source": b"/incidents",
        "ce_type": b"stairs.incident.submitted.v1",
        "ce_subject": AN_EVENT.subject.encode(),
        "ce_time": b"2019-04-12T17:00:00Z",
        "ce_sequence": b"42",
        "ce_partitionkey": AN_EVENT.key.encode(),
        "ce_recordedtime": b"2026-11-21T12:30:00Z",
        "content-type": b"application/json",
        "traceparent": AN_EVENT.traceparent.encode() if AN_EVENT.traceparent else b"",
    }
    assert RECORD.key == AN_EVENT.key.encode()


@pytest.mark.parametrize(
    "headers", [headers_without("ce_recordedtime"), headers_with("ce_recordedtime", b"x")]
)
def test_an_event_without_a_usable_time_of_recording_is_whole_all_the_same(headers: Headers) -> None:
    assert from_message(headers, RECORD.value) == replace(AN_EVENT, recorded_at=None)


def test_the_same_fact_published_again_is_the_same_bytes() -> None:
    assert to_record(replace(AN_EVENT), "stairs.incidents.v1") == RECORD


def test_an_instant_of_another_offset_is_published_in_utc() -> None:
    pacific = AN_EVENT.time.astimezone(timezone(timedelta(hours=-7)))
    assert dict(to_record(replace(AN_EVENT, time=pacific), "t").headers)["ce_time"] == b"2019-04-12T17:00:00Z"


def test_a_time_without_an_offset_is_never_published() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        to_record(replace(AN_EVENT, time=datetime(2019, 4, 12, 17, 0)), "t")  # noqa: DTZ001 - the mistake itself


def test_a_header_that_nobody_knows_is_let_by() -> None:
    headers = (*RECORD.headers, ("ce_dataschema", b"urn:x"), ("x-anything", b"\xff" * 0))
    assert from_message(headers, RECORD.value) == AN_EVENT


def test_a_bad_traceparent_is_left_out_and_the_event_kept() -> None:
    event = from_message(headers_with("traceparent", b"00-zz"), RECORD.value)
    assert event == replace(AN_EVENT, traceparent=None)


REQUIRED = [name for name, _ in RECORD.headers if name not in ("traceparent", "ce_recordedtime")]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_message_without_a_required_header_is_malformed(name: str) -> None:
    with pytest.raises(MalformedEvent, match=name.removeprefix("ce_")):
        from_message(headers_without(name), RECORD.value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ce_id", b"", "id is missing"),
        ("ce_id", b"a\x00b", "id is too long, or holds"),
        ("ce_id", b"x" * 513, "id is too long"),
        ("ce_id", b"\xff\xfe", "'ce_id' is not UTF-8"),
        ("ce_type", b"a\nb", "type is too long, or holds"),
        ("ce_specversion", b"0.3", "specversion is not 1.0"),
        ("ce_sequence", b"-1", "sequence is not a position"),
        ("ce_sequence", b"12345678901234567890", "sequence is not a position"),
        ("ce_sequence", "٤٢".encode(), "sequence is not a position"),
        ("ce_time", b"2019-04-12", "time is not an instant"),
        ("ce_time", b"2019-04-12T17:00:00", "time is not an instant"),
        ("ce_time", b"2019-13-12T17:00:00Z", "time is not an instant"),
        ("ce_time", b"0001-01-01T00:00:00+14:00", "time is not an instant"),
        ("content-type", b"application/avro", "content-type is not application/json"),
        ("content-type", b"application/cloudevents+json", "content-type is not application/json"),
    ],
)
def test_a_hostile_header_is_malformed_and_says_why(name: str, value: bytes, why: str) -> None:
    with pytest.raises(MalformedEvent, match=why):
        from_message(headers_with(name, value), RECORD.value)


def test_a_header_given_twice_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="'ce_id' is given twice"):
        from_message((*RECORD.headers, ("ce_id", b"other")), RECORD.value)


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b"NaN", b"[" * 100_000])
def test_a_value_that_is_no_json_object_is_malformed(value: bytes) -> None:
    with pytest.raises(MalformedEvent, match="the value is not"):
        from_message(RECORD.headers, value)


@pytest.mark.parametrize("data", [{"a": "\0"}, {"a\0": 1}, {"a": [{"b": ["c", "d\0"]}]}])
def test_data_that_no_database_of_ours_could_hold_is_malformed(data: dict[str, object]) -> None:
    with pytest.raises(MalformedEvent, match="NUL"):
        from_message(RECORD.headers, orjson.dumps(data))
    with pytest.raises(MalformedEvent, match="NUL"):
        from_json({**to_json(AN_EVENT), "data": data})


def test_what_is_said_about_a_malformed_value_never_repeats_it() -> None:
    with pytest.raises(MalformedEvent) as refused:
        from_message(RECORD.headers, b'{"ssid": 1234567890')
    assert "1234567890" not in str(refused.value)


@pytest.mark.parametrize(
    "item", [None, 7, "text", [], {}, {"specversion": "1.0"}, {**to_json(AN_EVENT), "data": []}]
)
def test_an_item_that_is_no_event_is_malformed(item: object) -> None:
    with pytest.raises(MalformedEvent):
        from_json(item)


def test_an_item_whose_sequence_is_a_number_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="sequence is missing"):
        from_json({**to_json(AN_EVENT), "sequence": 42})


@given(
    headers=st.lists(st.tuples(st.one_of(st.sampled_from(REQUIRED), st.text()), st.binary()), max_size=12),
    value=st.binary(),
)
def test_whatever_comes_in_is_an_event_or_malformed(headers: list[tuple[str, bytes]], value: bytes) -> None:
    with pytest.raises(MalformedEvent):
        from_message(tuple(headers), value)


@given(
    st.dictionaries(
        TEXT,
        st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT, st.lists(TEXT)),
    )
)
def test_any_data_comes_through_both_forms_unchanged(data: dict[str, object]) -> None:
    event = replace(AN_EVENT, data=data)
    record = to_record(event, "t")
    assert from_message(record.headers, record.value) == event
    assert from_json(to_json(event)) == event
