import fnmatch
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.builder.wildcards import (
    Ignored,
    clean,
    compile_match,
    has_wildcards,
    read_patterns,
)
from dockerlab.engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a?c", "a/c", False),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "ab", False),
        ("[\\]a]", "]", True),
        ("[\\-x]", "-", True),
        ("*x", "xxx", True),
        ("a[^/]b", "a/b", False),
    ],
)
def test_names_match_as_in_go(pattern: str, name: str, matches: bool) -> None:
    found = compile_match(pattern)
    assert found is not None
    assert (found.fullmatch(name) is not None) == matches


@pytest.mark.parametrize("pattern", ["[", "[a", "[]a]", "[-]", "[x-]", "[-x]", "a\\", "[a-b-c]"])
def test_malformed_patterns(pattern: str) -> None:
    assert compile_match(pattern) is None
    with pytest.raises(InvalidParameter, match="syntax error in pattern"):
        Ignored([pattern])


def test_wildcards_are_seen_unless_escaped() -> None:
    assert [has_wildcards(text) for text in ("a", "a*", "a?", "[a]", "a\\*", "a\\\\*")] == [
        False, True, True, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["**"], "a/b", True),
        (["**/"], "a", True),
        (["**/a"], "a", True),
        (["**/a"], "x/y/a", True),
        (["**/a"], "xa", False),
        (["**a"], "xa", True),
        (["a/**"], "a/b/c", True),
        (["a/**"], "ab", False),
        (["a/**/b"], "a/b", True),
        (["a/**/b"], "a/x/y/b", True),
        (["**/*.go"], "a/b.go", True),
        (["*.go"], "a/b.go", False),
        (["a"], "a/b", True),
        (["a/b"], "a", False),
        (["*", "!a"], "a", False),
        (["*", "!a"], "a/b", False),
        (["*", "!a/b"], "a/b", False),
        (["*", "!a/b"], "a/c", True),
        (["a", "!a/b", "a/b/c"], "a/b/c", True),
        (["!a", "a"], "a", True),
        (["a.c"], "abc", False),
        (["a(b)+c"], "a(b)+c", True),
        (["./a/../b/"], "b/c", True),
        (["a?c"], "abc", True),
        (["é*"], "élan", True),
    ],
)
def test_the_last_pattern_that_fits_decides(
    patterns: Sequence[str], path: str, ignored: bool
) -> None:
    assert (path in Ignored(patterns)) == ignored


def test_one_mark_alone_is_refused() -> None:
    with pytest.raises(InvalidParameter, match='illegal exclusion pattern: "!"'):
        Ignored(["!"])


def test_a_file_of_patterns() -> None:
    data = b"\xef\xbb\xbf# no\n #yes\n\t/a/b/\t\r\n\n! /c/../d \n/\n.\n"
    assert read_patterns(data) == ["#yes", "a/b", "!d", "/", "."]


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [("", "."), ("a//b", "a/b"), ("//a", "/a"), ("../a", "../a"), ("/..", "/"), ("a/..", ".")],
)
def test_clean(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


_NAMES = st.text("ab.", min_size=1, max_size=4)


@given(st.text("ab*?.", min_size=1, max_size=6), _NAMES)
def test_without_slashes_it_is_as_in_a_shell(pattern: str, name: str) -> None:
    found = compile_match(pattern)
    assert found is not None
    assert (found.fullmatch(name) is not None) == fnmatch.fnmatchcase(name, pattern)


@given(st.lists(st.text("ab*!/[]\\-?.", max_size=6), max_size=4), st.text("ab/", max_size=6))
def test_whatever_comes_is_read_or_refused(patterns: list[str], path: str) -> None:
    text = "\n".join(patterns).encode()
    try:
        ignored = Ignored(read_patterns(text))
    except InvalidParameter:
        return
    assert (path in ignored) in (True, False)


def test_a_wildcard_in_brackets_closes_them_as_in_go() -> None:
    ignored = Ignored(["[?]", "[*]x"])
    assert [path in ignored for path in ("^]", "[]", "]x", "^^]x")] == [True] * 4
    assert [path in ignored for path in ("?", "a]", "x", "a]x")] == [False] * 4


@given(st.lists(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=3))
def test_what_is_named_is_ignored_with_all_in_it(names: list[str]) -> None:
    ignored = Ignored(names)
    for name in names:
        if clean(name) not in (".", "..") and not clean(name).startswith("../"):
            assert clean(name) in ignored
            assert f"{clean(name)}/x" in ignored
