import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter

VARIABLES = {"A": "one", "EMPTY": "", "PATHS": "/usr/lib/x.tar.gz", "SP": "a b", "0": "zero"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plain", "plain"),
        ("$A", "one"),
        ("${A}s", "ones"),
        ("$As", ""),
        ("a\\ b", "a b"),
        ("\\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        ('"\\$A \\" \\x"', '$A " \\x'),
        ("${NO:-x y}", "x y"),
        ("${NO-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${EMPTY:-x}", "x"),
        ("${A:+x}", "x"),
        ("${EMPTY+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${NO:-${A}}", "one"),
        ("${NO:-'}'}", "}"),
        ("${A:?no}", "one"),
        ("${PATHS#*/}", "usr/lib/x.tar.gz"),
        ("${PATHS##*/}", "x.tar.gz"),
        ("${PATHS%.*}", "/usr/lib/x.tar"),
        ("${PATHS%%.*}", "/usr/lib/x"),
        ("${PATHS/lib/bin}", "/usr/bin/x.tar.gz"),
        ("${PATHS//\\//-}", "-usr-lib-x.tar.gz"),
        ("${A#?}", "ne"),
        ("$", "$"),
        ("$.", "$."),
        ("a$0", "azero"),
        ("end\\", "end"),
        ("<<EOF", "<<EOF"),
    ],
)
def test_a_word(text: str, word: str) -> None:
    assert Lexer().word(text, VARIABLES) == word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b", ["a", "b"]),
        ("$SP", ["a", "b"]),
        ('"$SP"', ["a b"]),
        ("'a b' c", ["a b", "c"]),
        ("a\\ b", ["a b"]),
        ("''", []),
        ("", []),
    ],
)
def test_several_words(text: str, words: list[str]) -> None:
    assert Lexer().words(text, VARIABLES) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ('"a', "unexpected end of statement while looking for matching double-quote"),
        ("${A", "unsupported modifier (\N{REPLACEMENT CHARACTER}) in substitution"),
        ("${", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${A!x}", "unsupported modifier (!) in substitution"),
        ("${A:#x}", "unsupported modifier (:#) in substitution"),
        ("${A:-x", "syntax error: missing '}'"),
        ("${A/x", "syntax error: missing '/' in ${}"),
        ("${NO:?must be}", "NO: must be"),
        ("${NO?}", "NO: is not allowed to be unset"),
        ("${EMPTY:?}", "EMPTY: is not allowed to be empty"),
        ("${A#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"),
    ],
)
def test_what_cannot_be_expanded(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        Lexer().word(text, VARIABLES)
    assert str(refused.value).endswith(f": {sentence}")


def test_the_escape_may_be_another() -> None:
    assert Lexer("`").word("C:\\a `$A", VARIABLES) == "C:\\a $A"


def test_unset_variables_may_be_left() -> None:
    assert Lexer(keep_unset=True).word("$NO ${NO} ${NO:-x} $A", VARIABLES) == (
        "$NO ${NO} ${NO:-x} one"
    )


@given(st.text("ab $'\"\\{}:-+?#%/*<", max_size=30))
def test_whatever_comes_is_expanded_or_refused(text: str) -> None:
    try:
        word = Lexer().word(text, VARIABLES)
    except InvalidParameter:
        return
    assert len(word) <= len(text) * 20
    assert Lexer().words(text, VARIABLES) or not word.strip() or "'" in text or '"' in text


@given(st.text(st.characters(exclude_characters="$'\"\\<", exclude_categories=["Cs"])))
def test_what_is_nothing_special_stays(text: str) -> None:
    assert Lexer().word(text, {}) == text
