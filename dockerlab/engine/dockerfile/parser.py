"""From the text of a Dockerfile to statements: directives, continued lines, flags, heredocs.

The rules are those of BuildKit's parser, which Docker's classic builder uses as well; where they
are odd, they are so on purpose. What a statement means is said in ``instructions``.
"""

import re
from collections.abc import Iterator

import msgspec

from dockerlab.engine.dockerfile.arguments import split_arguments, split_command
from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter

LINE_LIMIT = 65536
"""Bytes of one line, of which there must be fewer."""

_DIRECTIVE = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_CONTINUED = {
    escape: re.compile(rf"([^{re.escape(escape)}]|^){re.escape(escape)}[ \t]*\Z")
    for escape in ("\\", "`")
}
_HEREDOC = re.compile(r"\d*<<(-?)\s*([^<]*)", re.DOTALL)
_WITH_HEREDOCS = frozenset({"add", "copy", "run"})
_BOM = b"\xef\xbb\xbf"


class Heredoc(msgspec.Struct, frozen=True):
    """A text that stands in the Dockerfile itself, between ``<<name`` and ``name``.

    ``chomp`` (``<<-``) says that tabs at the start of a line do not count.
    """

    name: str
    content: str = ""
    chomp: bool = False


class Statement(msgspec.Struct, frozen=True):
    """One instruction as written: ``original`` is its line, continued lines joined.

    ``json`` says that the arguments stood in a JSON list.
    """

    name: str
    arguments: tuple[str, ...]
    original: str
    line: int
    flags: tuple[str, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()


class Dockerfile(msgspec.Struct, frozen=True):
    """All statements in order."""

    statements: tuple[Statement, ...]
    escape: str = "\\"
    warnings: tuple[str, ...] = ()


def parse(data: bytes) -> Dockerfile:
    r"""The statements of a Dockerfile.

    Raises:
        InvalidParameter: it has none, or one is malformed.

    >>> [each.name for each in parse(b"FROM a\n# comment\nRUN b \\\n  c\n").statements]
    ['FROM', 'RUN']

    """
    return _Parser(data.removeprefix(_BOM)).parse()


def find_heredoc(word: str) -> Heredoc | None:
    """The heredoc that a word announces, if it does.

    >>> find_heredoc("<<-EOF")
    Heredoc(name='EOF', content='', chomp=True)
    """
    match = _HEREDOC.fullmatch(word)
    if match is None or not match[2]:
        return None
    words = Lexer(keep_unset=True).words(match[2], {})
    return Heredoc(words[0], chomp=match[1] == "-") if len(words) == 1 else None


class _Parser:
    """One Dockerfile, read line by line."""

    def __init__(self, data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        self._too_long = any(len(line) >= LINE_LIMIT for line in data.split(b"\n"))
        self._lines = iter(re.findall(r"[^\n]*\n|[^\n]+", text))
        self._number = 0
        self._escape = "\\"
        self._directives: set[str] | None = set()  # None as soon as no more may come
        self._warnings: list[str] = []

    def parse(self) -> Dockerfile:
        if self._too_long:
            raise InvalidParameter(
                f"dockerfile line greater than max allowed size of {LINE_LIMIT - 1}"
            )
        statements = tuple(self._statements())
        if not statements:
            raise InvalidParameter("file with no instructions")
        return Dockerfile(statements, self._escape, tuple(self._warnings))

    def _next(self) -> str | None:
        line = next(self._lines, None)
        self._number += line is not None
        return line

    def _statements(self) -> Iterator[Statement]:
        while (raw := self._next()) is not None:
            line = raw.rstrip("\r\n").lstrip()
            self._directive(line)
            line, continued = self._continued("" if line.startswith("#") else line)
            if line or continued:
                yield self._statement(line, continued=continued)

    def _statement(self, line: str, *, continued: bool) -> Statement:
        number = self._number
        line = self._join(line) if continued else line
        name, flags, rest = split_command(line, self._escape)
        arguments, in_json = split_arguments(name, rest, self._escape)
        heredocs: tuple[Heredoc, ...] = ()
        of = arguments[0] if name.lower() == "onbuild" and arguments else name
        if "<<" in line and of.lower() in _WITH_HEREDOCS and not in_json:
            heredocs = tuple(map(self._heredoc, _announced(line)))
        return Statement(name, arguments, line, number, flags, in_json, heredocs)

    def _join(self, line: str) -> str:
        """The whole line that begins with ``line``; comments in between do not count."""
        parts, continued, empty = [line], True, False
        while continued and (raw := self._next()) is not None:
            if raw.lstrip().startswith("#"):
                continue
            part = raw.rstrip("\r\n")
            if not part.strip():
                empty = True
                continue
            part, continued = self._continued(part)
            parts.append(part)
        line = "".join(parts)
        if empty:
            self._warnings.append(f"Empty continuation line found in: {line}")
        return line

    def _continued(self, line: str) -> tuple[str, bool]:
        """The line without the mark that the next one belongs to it; whether there was one."""
        match = _CONTINUED[self._escape].search(line)
        return (line[: match.end(1)], True) if match else (line, False)

    def _directive(self, line: str) -> None:
        """Heed ``# escape=`` and its like, which must come before everything else."""
        if self._directives is None:
            return
        match = _DIRECTIVE.match(line.removeprefix("#").lstrip()) if line.startswith("#") else None
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            self._directives = None
            return
        if name in self._directives:
            raise InvalidParameter(f"only one {name} parser directive can be used")
        self._directives.add(name)
        if name == "escape":
            if match[2] not in _CONTINUED:
                raise InvalidParameter(f"invalid escape token '{match[2]}' does not match ` or \\")
            self._escape = match[2]

    def _heredoc(self, announced: Heredoc) -> Heredoc:
        """The text of a heredoc, whose end must be there."""
        content: list[str] = []
        while (raw := self._next()) is not None:
            line = raw.rstrip("\r\n")
            if (line.lstrip("\t") if announced.chomp else line) == announced.name:
                return Heredoc(announced.name, "".join(content), announced.chomp)
            content.append(raw)
        raise InvalidParameter("unterminated heredoc")


def _announced(line: str) -> Iterator[Heredoc]:
    try:
        words = Lexer(raw_quotes=True, raw_escapes=True, keep_unset=True).words(line, {})
    except InvalidParameter:
        return
    for word in words:
        heredoc = find_heredoc(word)
        if heredoc is not None:
            yield heredoc
