import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.images.pattern import compile_pattern

# From Go's own tests of path.Match.
MATCHES = [
    ("abc", "abc", True),
    ("*", "abc", True),
    ("*c", "abc", True),
    ("a*", "a", True),
    ("a*", "ab/c", False),
    ("a*/b", "abc/b", True),
    ("a*/b", "a/c/b", False),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True),
    ("a*b?c*x", "abxbbxdbxebxczzx", True),
    ("a*b?c*x", "abxbbxdbxebxczzy", False),
    ("ab[c]", "abc", True),
    ("ab[b-d]", "abc", True),
    ("ab[e-g]", "abc", False),
    ("ab[^c]", "abc", False),
    ("ab[^e-g]", "abc", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "ab", False),
    ("a?b", "a☺b", True),
    ("a[^a]b", "a☺b", True),
    ("a???b", "a☺b", False),
    ("[a-ζ]*", "α", True),
    ("*[a-ζ]", "A", False),
    ("a?b", "a/b", False),
    ("a*b", "a/b", False),
    ("[\\]a]", "]", True),
    ("[\\-]", "-", True),
    ("[x\\-]", "-", True),
    ("[\\-x]", "a", False),
    ("*x", "xxx", True),
    ("[z-a]", "b", False),
    ("[^z-a]", "b", True),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), MATCHES)
def test_patterns(pattern: str, text: str, matches: bool) -> None:
    assert bool(compile_pattern(pattern).fullmatch(text)) is matches


@pytest.mark.parametrize(
    "pattern", ["[", "[^", "[^bc", "[]a]", "[-]", "[x-]", "[-x]", "a[", "\\", "[a-b-c]", "[a"]
)
def test_malformed_patterns(pattern: str) -> None:
    with pytest.raises(SystemFailure, match="syntax error in pattern"):
        compile_pattern(pattern)


@given(st.text(), st.text())
def test_any_pattern_is_compiled_or_refused(pattern: str, text: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except SystemFailure:
        return
    compiled.fullmatch(text)
