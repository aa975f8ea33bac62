from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.http.answers import encode
from shared.http.instants import Day, Instant, as_text, parse

INSTANT = TypeAdapter[datetime](Instant)
DAY = TypeAdapter[date](Day)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime(2000, 1, 3), datetime(2100, 12, 29)  # noqa: DTZ001 - hypothesis adds the offsets
MOMENTS = st.datetimes(min_value=FIRST, max_value=LAST, timezones=OFFSETS)


@given(MOMENTS)
def test_an_instant_is_the_same_instant_in_utc(moment: datetime) -> None:
    read = INSTANT.validate_python(moment.isoformat())
    assert (read, read.tzinfo) == (moment, UTC)
    assert parse(as_text(read)) == read


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("2019-04-12T10:00:00-07:00", "2019-04-12T17:00:00Z"),
        ("2019-04-12t17:00:00z", "2019-04-12T17:00:00Z"),
        ("2019-04-12T17:00:00.5+00:00", "2019-04-12T17:00:00.500000Z"),
        ("2019-04-12T17:00:00.123456789Z", "2019-04-12T17:00:00.123456Z"),
        ("2020-02-29T23:59:59-00:00", "2020-02-29T23:59:59Z"),
    ],
)
def test_instants_are_answered_in_utc(sent: str, answered: str) -> None:
    assert as_text(parse(sent)) == answered
    assert encode({"at": parse(sent)}) == f'{{"at":"{answered}"}}'.encode()


@pytest.mark.parametrize(
    "sent",
    [
        "2019-04-12T10:00:00",
        "2019-04-12",
        "2019-04-12 10:00:00Z",
        "2019-04-12T10:00Z",
        "2019-04-12T10:00:00+0700",
        "2019-04-12T10:00:00+24:00",
        "2019-04-12T10:00:00+07:60",
        "2019-04-12T24:00:00Z",
        "2019-04-12T10:00:60Z",
        "2019-02-29T10:00:00Z",
        "2019-13-01T10:00:00Z",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "２０１９-04-12T10:00:00Z",
        "2019-04-12T10:00:00Z\n",
        "1555088400",
        "",
        1555088400,
        15.5,
        True,
        None,
        [],
        {},
        datetime(2019, 4, 12),  # noqa: DTZ001 - the point
    ],
)
def test_what_names_no_instant_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError) as refused:
        INSTANT.validate_python(sent)
    assert refused.value.errors()[0]["type"] == "bad_instant"


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_a_day_is_that_day(day: date) -> None:
    assert DAY.validate_python(day.isoformat()) == day


@pytest.mark.parametrize(
    "sent", ["2019-4-1", "2019-02-30", "1999-12-31", "2101-01-01", "2019-04-12T00:00:00Z", 18000, None, ""]
)
def test_what_names_no_day_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError) as refused:
        DAY.validate_python(sent)
    assert refused.value.errors()[0]["type"] == "bad_date"


def test_an_instant_without_offset_never_leaves() -> None:
    with pytest.raises(TypeError):
        encode({"at": datetime(2019, 4, 12)})  # noqa: DTZ001 - the point
