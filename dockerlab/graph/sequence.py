"""A sequence diagram: who said what to whom, and when, from top to bottom.

Graphviz lays out graphs; a sequence diagram needs no layout, only rows and columns, so its SVG is
written here directly. It needs no `dot` program, and it is the same on every machine.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from dockerlab import messages
from dockerlab.graph.dot import head
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.theme import FONT, LIGHT

MARGIN = 16
TIME_WIDTH = 66
COLUMN = 172
HEADER = 64
LINE_HEIGHT = 15
CHARACTERS = 25
"""How many characters fit between two neighbouring columns at 12 px."""


@dataclass(frozen=True, slots=True)
class Message:
    """One row: `sender` tells `receiver` something, `seconds` after the beginning.

    A message to oneself is a note: something that one participant does or finds. `seconds` is None
    where nothing measured the moment; the row's place then says all that is known.
    """

    sender: str
    receiver: str
    text: str
    seconds: float | None = None
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """What happened: a title, the participants from left to right (key and name), the messages."""

    title: str
    participants: tuple[tuple[str, str], ...]
    messages: tuple[Message, ...]


def draw_sequence(sequence: Sequence) -> Drawing:
    """Draw a sequence diagram."""
    words = tuple(_words(sequence))
    return Drawing(title=sequence.title, words=words, svg=_svg(sequence, words))


def _words(sequence: Sequence) -> Iterator[str]:
    names = dict(sequence.participants)
    for each in sequence.messages:
        key = "graph.words_note" if each.sender == each.receiver else "graph.words_message"
        line = messages.text(
            key, sender=names[each.sender], receiver=names[each.receiver], text=each.text
        )
        yield line if each.seconds is None else f"{line} ({_time(each.seconds)})"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s"


def _svg(sequence: Sequence, words: Iterable[str]) -> str:
    columns = _columns(sequence)
    active = {key for each in sequence.messages for key in (each.sender, each.receiver)}
    rows, bottom = _rows(sequence, columns)
    width = MARGIN * 2 + TIME_WIDTH + COLUMN * len(columns)
    height = bottom + MARGIN
    lifelines = "".join(
        _lifeline(columns[key], name, bottom, is_active=key in active)
        for key, name in sequence.participants
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc" '
        f'font-family="{FONT}" font-size="12">{head(sequence.title, words)}'
        f'<g class="ground">{_rect(0, 0, width, height, kind="ground", radius=8)}</g>'
        f"{lifelines}{''.join(rows)}</svg>"
    )


def _columns(sequence: Sequence) -> dict[str, float]:
    left = MARGIN + TIME_WIDTH + COLUMN / 2
    return {key: left + COLUMN * place for place, (key, _) in enumerate(sequence.participants)}


def _lifeline(x: float, name: str, bottom: float, *, is_active: bool) -> str:
    kind = "plain" if is_active else "quiet"
    dashes = "" if is_active else ' stroke-dasharray="2 4"'
    box = _rect(x - 76, MARGIN, 152, 28, kind=kind, radius=4)
    return (
        f'<g class="{kind}"><line x1="{x:g}" y1="{MARGIN + 28}" x2="{x:g}" y2="{bottom:g}" '
        f'stroke="{LIGHT[kind].line}"{dashes}/>{box}'
        f"{_text(x, MARGIN + 18, name, kind=kind, weight='bold')}</g>"
    )


def _rows(sequence: Sequence, columns: dict[str, float]) -> tuple[list[str], float]:
    rows, y = [], float(HEADER)
    for each in sequence.messages:
        start, end = columns[each.sender], columns[each.receiver]
        span = max(1, round(abs(end - start) / COLUMN))
        lines = textwrap.wrap(each.text, CHARACTERS * span, break_on_hyphens=False) or [""]
        draw = _note if start == end else _arrow
        height = LINE_HEIGHT * len(lines)
        rows.append(_clock(each, y + height) + draw(each, lines, start, end, y))
        y += height + 22
    return rows, y


def _clock(each: Message, y: float) -> str:
    if each.seconds is None:
        return ""
    x = MARGIN + TIME_WIDTH - 10
    text = _text(x, y, _time(each.seconds), kind="quiet", anchor="end")
    return f'<g class="quiet">{text}</g>'


def _arrow(each: Message, lines: list[str], start: float, end: float, y: float) -> str:
    kind = "shared" if each.is_key else "plain"
    line_y = y + LINE_HEIGHT * len(lines) + 4
    step = 7 if end > start else -7
    tip = f"M{end:g} {line_y:g} l{-step} -4 v8 z"
    color = LIGHT[kind].line
    words = "".join(
        _label((start + end) / 2, y + LINE_HEIGHT * (row + 1) - 3, line, kind=kind)
        for row, line in enumerate(lines)
    )
    return (
        f'<g class="{kind}"><line x1="{start:g}" y1="{line_y:g}" x2="{end - step:g}" '
        f'y2="{line_y:g}" stroke="{color}" stroke-width="1.5"/>'
        f'<path class="head" d="{tip}" fill="{color}"/>{words}</g>'
    )


def _note(each: Message, lines: list[str], x: float, _end: float, y: float) -> str:
    kind = "own" if each.is_key else "plain"
    height = LINE_HEIGHT * len(lines) + 8
    box = _rect(x - 82, y, 164, height, kind=kind, radius=3)
    words = "".join(
        _text(x, y + LINE_HEIGHT * (row + 1), line, kind=kind) for row, line in enumerate(lines)
    )
    return f'<g class="{kind}">{box}{words}</g>'


def _rect(x: float, y: float, width: float, height: float, *, kind: str, radius: float) -> str:
    paint = LIGHT[kind]
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'fill="{paint.fill}" stroke="{paint.line}"/>'
    )


def _label(x: float, y: float, text: str, *, kind: str) -> str:
    """Return a text with a rim in the ground's colour, so that no line behind it crosses it."""
    rim = f'stroke="{LIGHT["ground"].fill}" stroke-width="5" paint-order="stroke"'
    return _text(x, y, text, kind=kind).replace("<text ", f'<text class="label" {rim} ', 1)


def _text(
    x: float, y: float, text: str, *, kind: str, anchor: str = "middle", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{LIGHT[kind].text}">{escape(text)}</text>'
    )
