"""What servers ask for in WWW-Authenticate, however they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.distribution.challenge import Challenge, parse_challenges

_WORD = st.text("abcdefghijklmnopqrstuvwxyz-_.0123456789", min_size=1, max_size=12)
_NAME = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
_VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic", [Challenge("basic")]),
        ('Basic realm="a, b"', [Challenge("basic", {"realm": "a, b"})]),
        ('BEARER Realm="r",service=s', [Challenge("bearer", {"realm": "r", "service": "s"})]),
        (r'Bearer realm="say \"hi\""', [Challenge("bearer", {"realm": 'say "hi"'})]),
        (
            'Negotiate, Basic realm="x", Bearer realm="y",scope="repository:a/b:pull,push"',
            [
                Challenge("negotiate"),
                Challenge("basic", {"realm": "x"}),
                Challenge("bearer", {"realm": "y", "scope": "repository:a/b:pull,push"}),
            ],
        ),
        ("Negotiate YWJj=, Basic", [Challenge("negotiate"), Challenge("basic")]),
        ("", []),
        ('="', []),
    ],
)
def test_a_header_is_read_as_rfc_9110_writes_it(header: str, expected: list[Challenge]) -> None:
    assert list(parse_challenges([header])) == expected


@given(st.lists(st.tuples(_NAME, _VALUE), min_size=1, unique_by=lambda pair: pair[0]))
def test_whatever_is_quoted_comes_back(parameters: list[tuple[str, str]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = "Bearer " + ", ".join(f"{name}={quoted(value)}" for name, value in parameters)
    (challenge,) = parse_challenges([header])
    assert challenge == Challenge("bearer", dict(parameters))


@given(st.text(max_size=300))
def test_no_header_makes_it_fail(header: str) -> None:
    for challenge in parse_challenges([header]):
        assert challenge.scheme == challenge.scheme.lower() != ""


@given(_WORD, st.integers(min_value=1, max_value=5000))
def test_long_headers_are_read_in_no_time(word: str, times: int) -> None:
    parse_challenges([f'{word} {word}="' + '\\"' * times, f"{word} " * times])
