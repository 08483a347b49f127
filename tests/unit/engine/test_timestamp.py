import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.timestamp import (
    SECOND,
    ZERO,
    format_rfc3339,
    parse_duration,
    parse_moment,
    parse_rfc3339,
)

NOW = 1_700_000_000 * SECOND


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:01.5+00:00", 1_500_000_000),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:59:59.25Z", -750_000_000),
        (ZERO, -62_135_596_800 * SECOND),
    ],
)
def test_times_of_configs(text: str, nanoseconds: int) -> None:
    assert parse_rfc3339(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "yesterday", "2020-13-01T00:00:00Z", "0000-01-01T00:00:00Z"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_rfc3339(text)


def test_zero_is_written_with_four_digits() -> None:
    assert format_rfc3339(parse_rfc3339(ZERO)) == ZERO


@given(st.integers(-62_135_596_800 * SECOND, 253_402_300_799 * SECOND))
def test_to_the_nanosecond_and_back(nanoseconds: int) -> None:
    assert parse_rfc3339(format_rfc3339(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("-2m", -120), ("1000ms", 1)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * SECOND


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("10m", NOW - 600 * SECOND),
        ("1700000000", NOW),
        ("1700000000.25", NOW + 250_000_000),
        ("0", 0),
        ("1970-01-02", 86400 * SECOND),
        ("1970-01-01T01", 3600 * SECOND),
        ("1970-01-01T01:01", 3660 * SECOND),
        ("1970-01-01T00:00:01Z", SECOND),
    ],
)
def test_moments(text: str, nanoseconds: int) -> None:
    assert parse_moment(text, now=NOW) == nanoseconds


@pytest.mark.parametrize("text", ["", " ", "zz", "10x", "2020-13-01"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_moment(text, now=NOW)
