"""What a terminal shows, as text and as HTML: its still form.

pyte plays what the program wrote, escape sequences and all, on a screen of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

import pyte

MOST_LINES = 400
"""How many lines a still form has at most: the last ones."""

_BOX = (
    "background:#101418;color:#e6edf3;padding:.6em .8em;border-radius:4px;overflow:auto;"
    "font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace;line-height:1.25;margin:0"
)
_COLOURS = {
    "black": "#8b949e", "red": "#ff7b72", "green": "#7ee787", "brown": "#e3b341",
    "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea", "white": "#e6edf3",
}  # fmt: skip
"""Those of a program's eight colours that can be read on a dark ground; black is made grey."""


def screen_lines(written: bytes, *, columns: int, rows: int) -> tuple[str, ...]:
    r"""Return the lines that stand on the screen, and those that have scrolled away above it.

    >>> screen_lines(b"one\r\ntwo\x1b[1mbold\x1b[0m\r\n", columns=20, rows=4)
    ('one', 'twobold')
    """
    return tuple("".join(text for text, _ in line) for line in _play(written, columns, rows))


def screen_html(written: bytes, *, columns: int, rows: int) -> str:
    """Return the same as HTML, in the program's colours."""
    lines = "\n".join("".join(map(_span, line)) for line in _play(written, columns, rows))
    return f'<pre class="dockerlab-screen" style="{_BOX}">{lines}</pre>'


def _play(written: bytes, columns: int, rows: int) -> list[list[tuple[str, str]]]:
    screen = pyte.HistoryScreen(columns, rows, history=MOST_LINES, ratio=0.5)
    pyte.ByteStream(screen).feed(written)
    above = list(screen.history.top)
    here = [screen.buffer[row] for row in range(rows)]
    lines = [list(_pieces(line[column] for column in range(columns))) for line in [*above, *here]]
    while lines and not "".join(text for text, _ in lines[-1]).strip():
        lines.pop()
    return lines[-MOST_LINES:]


def _pieces(characters: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield stretches of one style, without the blanks at the line's end."""
    runs = [
        ("".join(each.data for each in run), look) for look, run in groupby(characters, key=_look)
    ]
    while runs and not runs[-1][0].strip():
        runs.pop()
    if runs:
        runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
    yield from runs


def _look(character: Any) -> str:  # noqa: ANN401 - pyte is untyped
    colour = _COLOURS.get(character.fg, f"#{character.fg}" if len(character.fg) == 6 else "")
    look = f"color:{colour}" if colour and character.fg not in {"default", "white"} else ""
    return f"{look};font-weight:bold" if character.bold else look


def _span(piece: tuple[str, str]) -> str:
    text, look = piece
    return f'<span style="{look.strip(";")}">{escape(text)}</span>' if look else escape(text)
