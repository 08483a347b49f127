"""A short notice in a notebook: an exercise's card, a verdict, a hint, a prediction's result.

It knows its text and its HTML, and both are the same each time: nothing in them is random.
Meaning is in the words and the mark before them; the colour of the edge only repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from html import escape


class Tone(StrEnum):
    """What a notice is about."""

    TASK = "task"
    GOOD = "good"
    BAD = "bad"
    OPEN = "open"


_MARKS = {Tone.TASK: "✎", Tone.GOOD: "✓", Tone.BAD: "✗", Tone.OPEN: "–"}
_EDGES = {Tone.TASK: "#1d63ed", Tone.GOOD: "#15803d", Tone.BAD: "#b45309", Tone.OPEN: "#6b7280"}
_STYLE = "border:1px solid #8888;border-left:4px solid {edge};border-radius:4px;padding:.4em .9em"


@dataclass(frozen=True)
class Notice:
    """A title, lines below it, perhaps lettered options, perhaps code to read."""

    tone: Tone
    title: str
    lines: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    code: str = ""

    def __repr__(self) -> str:
        options = (f"{letter})  {words}" for letter, words in self.options)
        below = (*self.lines[:1], *options, *self.lines[1:], *self.code.splitlines())
        return "\n".join((f"{_MARKS[self.tone]} {self.title}", *(f"  {line}" for line in below)))

    def _repr_html_(self) -> str:
        style = _STYLE.format(edge=_EDGES[self.tone])
        code = f"<pre>{escape(self.code)}</pre>" if self.code else ""
        # No list: JupyterLab takes its letters away, and the words below speak of them.
        options = "<br>".join(f"{letter})&ensp;{inline(words)}" for letter, words in self.options)
        listed = f"<p>{options}</p>" if options else ""
        first, rest = _paragraphs(self.lines[:1]), _paragraphs(self.lines[1:])
        return (
            f'<div class="dockerlab-notice" role="note" style="{style}">'
            f'<strong><span aria-hidden="true">{_MARKS[self.tone]}</span> {inline(self.title)}'
            f"</strong>{first}{listed}{rest}{code}</div>"
        )


def inline(text: str) -> str:
    """Return text as HTML, with what stands between backticks as code.

    >>> inline("`docker rm <id>` removes")
    '<code>docker rm &lt;id&gt;</code> removes'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{inline(line)}</p>" for line in lines)
