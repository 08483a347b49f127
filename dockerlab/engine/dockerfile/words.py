"""Words of a Dockerfile: quotes, escapes and variables (its reference, "Environment replacement").

What BuildKit's lexer, which the classic builder uses as well, makes of ``$name``, ``${name}``,
``${name:-word}``, ``${name:+word}``, ``${name:?word}``, ``${name#pattern}``, ``${name%pattern}``
and ``${name/pattern/word}``, quote for quote.
"""

import re
from collections.abc import Callable, Mapping

from dockerlab.engine.dockerfile.formats import quoted
from dockerlab.engine.dockerfile.patterns import expression, trimmed
from dockerlab.engine.errors import InvalidParameter

END = ""
"""What ``peek`` says at the end of the text."""

_SPECIAL = frozenset("@*#?-$!0")
_ESCAPED_IN_QUOTES = frozenset('"$')

LARGEST = 1 << 20
"""Characters that the variables of one text may come to. A few lines that double could else fill
the memory; the kernel gives no process a longer word than an eighth of it (execve(2))."""
_DEEPEST = 50
"""Braces in each other."""
_LONGEST_SEARCHED = 1 << 13
"""Characters in which a pattern with ``*`` is looked for, which takes the square of it."""


class Lexer:
    """Splits and expands words.

    ``raw_quotes`` and ``raw_escapes`` leave quotes and escapes where they are; ``keep_unset``
    leaves variables that have no value.
    """

    def __init__(
        self,
        escape: str = "\\",
        *,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        keep_unset: bool = False,
    ) -> None:
        self.escape = escape
        self.raw_quotes = raw_quotes
        self.raw_escapes = raw_escapes
        self.keep_unset = keep_unset

    def word(self, text: str, variables: Mapping[str, str]) -> str:
        """``text`` as one word, spaces and all, its variables replaced and its quotes removed.

        Raises:
            InvalidParameter: a quote or brace is not closed, or a variable that must be set is not.

        >>> Lexer().word('"$A" ${B:-x y}', {"A": "1"})
        '1 x y'

        """
        return self._process(text, variables)[0]

    def words(self, text: str, variables: Mapping[str, str]) -> list[str]:
        """The words of ``text``, split where spaces stand outside quotes; raises as ``word``.

        >>> Lexer().words("$PORTS 'a b'", {"PORTS": "80 443"})
        ['80', '443', 'a b']
        """
        return self._process(text, variables)[1]

    def _process(self, text: str, variables: Mapping[str, str]) -> tuple[str, list[str]]:
        try:
            return _Reading(self, text, variables).until(END, raw_escapes=self.raw_escapes)
        except InvalidParameter as error:
            raise InvalidParameter(f"failed to process {quoted(text)}: {error}") from None


class _Words:
    """Gathers words while characters come, quoted ones or not."""

    def __init__(self) -> None:
        self._word: list[str] = []
        self._done: list[str] = []

    def add(self, text: str) -> None:
        for character in text:
            if not character.isspace():
                self._word.append(character)
            elif self._word:
                self._finish()

    def add_raw(self, text: str) -> None:
        if text:
            self._word.append(text)

    def all(self) -> list[str]:
        if self._word:
            self._finish()
        return self._done

    def _finish(self) -> None:
        self._done.append("".join(self._word))
        self._word.clear()


class _Reading:
    """One text, read once from left to right."""

    def __init__(self, lexer: Lexer, text: str, variables: Mapping[str, str]) -> None:
        self._lexer = lexer
        self._text = text
        self._variables = variables
        self._place = 0
        self._raw_escapes = lexer.raw_escapes
        self._grown = 0
        self._depth = 0
        self._special: dict[str, Callable[[], str]] = {
            "$": self._variable,
            "<": self._heredoc,
            "'": self._single_quoted,
            '"': self._double_quoted,
        }

    def _peek(self) -> str:
        return self._text[self._place] if self._place < len(self._text) else END

    def _next(self) -> str:
        character = self._peek()
        self._place += len(character)
        return character

    def until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """Read to the character ``stop`` or the end: as one word, and as several."""
        before, self._raw_escapes = self._raw_escapes, raw_escapes
        try:
            return self._until(stop)
        finally:
            self._raw_escapes = before

    def _until(self, stop: str) -> tuple[str, list[str]]:
        result: list[str] = []
        words = _Words()
        while (character := self._peek()) != END:
            if character == stop:
                self._next()
                return "".join(result), words.all()
            if character in self._special:
                piece = self._special[character]()
                (words.add if character == "$" else words.add_raw)(piece)
                result.append(piece)
                continue
            self._next()
            if character != self._lexer.escape:
                words.add(character)
                result.append(character)
                continue
            escaped = self._next()
            piece = (character if self._raw_escapes else "") + escaped
            words.add_raw(piece)
            result.append(piece)
        if stop != END:
            raise InvalidParameter(f"unexpected end of statement while looking for matching {stop}")
        return "".join(result), words.all()

    def _single_quoted(self) -> str:
        quote = self._next()
        end = self._text.find(quote, self._place)
        if end < 0:
            raise InvalidParameter(
                "unexpected end of statement while looking for matching single-quote"
            )
        inside, self._place = self._text[self._place : end], end + 1
        return f"'{inside}'" if self._lexer.raw_quotes else inside

    def _double_quoted(self) -> str:
        quote = self._next()
        result = [quote] if self._lexer.raw_quotes else []
        while (character := self._peek()) != quote:
            if character == END:
                raise InvalidParameter(
                    "unexpected end of statement while looking for matching double-quote"
                )
            if character == "$":
                result.append(self._variable())
                continue
            self._next()
            if character == self._lexer.escape:
                if self._raw_escapes:
                    result.append(character)
                following = self._peek()
                if following == END:
                    continue
                if following in _ESCAPED_IN_QUOTES or following == self._lexer.escape:
                    character = self._next()
            result.append(character)
        self._next()
        return "".join([*result, quote] if self._lexer.raw_quotes else result)

    def _heredoc(self) -> str:
        """``<<`` and the spaces after it belong to the word that follows."""
        self._next()
        if self._peek() != "<":
            return "<"
        start = self._place
        self._next()
        while self._peek() in ("\t", "\r", " "):
            self._next()
        return "<" + self._text[start : self._place]

    def _variable(self) -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidParameter(f"more than {_DEEPEST} substitutions in each other")
        value = self._value()
        self._depth -= 1
        self._grow(len(value))
        return value

    def _grow(self, size: int) -> None:
        self._grown += size
        if self._grown > LARGEST:
            raise InvalidParameter(f"its variables come to more than {LARGEST} characters")

    def _value(self) -> str:
        self._next()
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            if name not in self._variables and self._lexer.keep_unset:
                return f"${name}"
            return self._variables.get(name, "")
        self._next()
        if self._peek() == END:
            raise InvalidParameter("syntax error: missing '}'")
        if self._peek() in "{}:":
            raise InvalidParameter("syntax error: bad substitution")
        return self._braces(self._name())

    def _braces(self, name: str) -> str:
        value = self._variables.get(name)
        mark = self._next()
        if mark == "}":
            if value is None and self._lexer.keep_unset:
                return f"${{{name}}}"
            return value or ""
        if mark == "/":
            return self._replaced(name, value)
        mark = mark or "\N{REPLACEMENT CHARACTER}"
        operator, empty_is_unset = mark, mark == ":"
        if empty_is_unset:
            operator = self._next()
            mark += operator
        if operator not in ("+", "-", "?", "#", "%") or (empty_is_unset and operator in "#%"):
            raise InvalidParameter(f"unsupported modifier ({mark}) in substitution")
        word = self._operand("}", "missing '}'", raw_escapes=operator in "#%")
        if value is None and self._lexer.keep_unset:
            return f"${{{name}{mark}{word}}}"
        if operator in "#%":
            return trimmed(value or "", word, operator)
        return _chosen(name, value, operator, word, empty_is_unset=empty_is_unset)

    def _replaced(self, name: str, value: str | None) -> str:
        every = self._peek() == "/"
        if every:
            self._next()
        pattern = self._operand("/", "missing '/' in ${}", raw_escapes=True)
        replacement = self._operand("}", "missing '}'", raw_escapes=True)
        if value is None and self._lexer.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        if "*" in pattern and len(value or "") > _LONGEST_SEARCHED:
            raise InvalidParameter(
                f"pattern ({pattern}) is looked for in at most {_LONGEST_SEARCHED} characters"
            )

        def replace(_: re.Match[str]) -> str:
            self._grow(len(replacement))
            return replacement

        found = expression(pattern, greedy=True)
        return found.sub(replace, value or "", count=0 if every else 1)

    def _operand(self, stop: str, missing: str, *, raw_escapes: bool) -> str:
        try:
            return self.until(stop, raw_escapes=raw_escapes)[0]
        except InvalidParameter:
            if self._peek() == END:
                raise InvalidParameter(f"syntax error: {missing}") from None
            raise

    def _name(self) -> str:
        """A name, a number, or one of the shell's special parameters."""
        start = self._place
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._next()
        elif first in _SPECIAL:
            self._next()
        else:
            while self._peek().isalpha() or self._peek().isdecimal() or self._peek() == "_":
                self._next()
        return self._text[start : self._place]


def _chosen(name: str, value: str | None, operator: str, word: str, *, empty_is_unset: bool) -> str:
    """What ``-``, ``+`` and ``?`` make of a value."""
    unset = value is None or (empty_is_unset and not value)
    if operator == "+":
        return "" if unset else word
    if not unset:
        return value or ""
    if operator == "-":
        return word
    state = "unset" if value is None else "empty"
    raise InvalidParameter(f"{name}: {word or f'is not allowed to be {state}'}")
