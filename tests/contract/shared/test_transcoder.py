"""Our transcoder writes the library's bytes and reads them back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    JSONTranscoder,
    Transcoder,
    TranscodingNotRegisteredError,
    UUIDAsHex,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.persistence.transcoder import OrjsonTranscoder


def the_librarys() -> Transcoder:
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    return transcoder


class Color(StrEnum):
    RED = "red"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8"))
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(UTC))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=40, deadline=None)
def test_what_the_library_reads_is_what_we_wrote_and_the_reverse(value: object) -> None:
    ours, theirs = OrjsonTranscoder(), the_librarys()
    assert theirs.decode(ours.encode(value)) == value
    assert ours.decode(theirs.encode(value)) == value


@given(VALUES)
@settings(max_examples=40, deadline=None)
def test_the_bytes_are_the_same(value: object) -> None:
    assert OrjsonTranscoder().encode(value) == the_librarys().encode(value)


def test_a_fact_of_every_type_comes_back() -> None:
    fact = {
        "id": UUID(int=7),
        "at": datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
        "rate": Decimal("1.10"),
        "nested": [{"ids": [UUID(int=1), {"deep": UUID(int=2)}]}],
        "words": ["né", "名"],
    }
    assert OrjsonTranscoder().decode(OrjsonTranscoder().encode(fact)) == fact


def test_tuples_come_back_as_lists_and_string_enums_as_strings() -> None:
    transcoder = OrjsonTranscoder()
    assert transcoder.decode(transcoder.encode({"a": (1, (UUID(int=1),)), "b": Color.RED})) == {
        "a": [1, [UUID(int=1)]],
        "b": "red",
    }


@pytest.mark.parametrize("value", [{1, 2}, date(2026, 1, 1), b"bytes", object()])
def test_what_would_not_come_back_is_refused(value: object) -> None:
    with pytest.raises(TranscodingNotRegisteredError):
        OrjsonTranscoder().encode({"value": value})
