"""Dockerfiles side by side: one row each, one group of bars for each figure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dockerlab import messages
from dockerlab.graph.dot import head
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.theme import FONT, LIGHT
from dockerlab.layers import BuildMeasure

MARGIN = 16
NAME_WIDTH = 130
COLUMN = 160
BAR = 90
"""The longest bar of each column, in px; the figure stands to the right of it."""
ROW = 30
TOP = 64


def draw_builds(measures: Sequence[BuildMeasure]) -> Drawing:
    """Draw what each build costs. In each column the longest bar is the largest figure."""
    title = messages.text("builds.title", count=len(measures))
    words = tuple(_words(each) for each in measures)
    return Drawing(title=title, words=words, svg=_svg(title, words, measures))


def headings() -> tuple[str, str, str, str, str]:
    """Return what the columns say, in the reader's language: the name first, then the figures."""
    return (
        messages.text("builds.name"),
        messages.text("builds.size"),
        messages.text("builds.layers"),
        messages.text("builds.wasted"),
        messages.text("builds.rebuild"),
    )


def _words(each: BuildMeasure) -> str:
    size, layers, wasted, seconds = each.figures()
    return messages.text(
        "builds.words", name=each.name, size=size, layers=layers, wasted=wasted, seconds=seconds
    )


def _svg(title: str, words: Sequence[str], measures: Sequence[BuildMeasure]) -> str:
    width = MARGIN * 2 + NAME_WIDTH + COLUMN * 4
    height = TOP + ROW * len(measures) + MARGIN
    columns = "".join(_column(index, title) for index, title in enumerate(headings()))
    rows = "".join(_row(index, each, measures) for index, each in enumerate(measures))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc" '
        f'font-family="{FONT}" font-size="12">{head(title, words)}'
        f'<g class="ground">{_rect(0, 0, width, height, kind="ground", radius=8)}'
        f"{_text(MARGIN, MARGIN + 8, title, kind='ground', weight='bold')}</g>{columns}{rows}</svg>"
    )


def _left(column: int) -> int:
    return MARGIN if column == 0 else MARGIN + NAME_WIDTH + COLUMN * (column - 1)


def _column(index: int, title: str) -> str:
    text = _text(_left(index), TOP - 12, title, kind="quiet", weight="normal")
    return f'<g class="quiet">{text}</g>'


def _row(index: int, each: BuildMeasure, measures: Sequence[BuildMeasure]) -> str:
    y = TOP + ROW * index
    name = f'<g class="ground">{_text(MARGIN, y + 15, each.name, kind="ground")}</g>'
    largest = [max(column) or 1 for column in zip(*(_values(one) for one in measures), strict=True)]
    bars = (
        _bar(column, y, value / most, figure)
        for column, (value, most, figure) in enumerate(
            zip(_values(each), largest, each.figures(), strict=True), start=1
        )
    )
    return name + "".join(bars)


def _values(each: BuildMeasure) -> tuple[float, float, float, float]:
    return (each.size, each.layers, each.wasted_bytes, each.rebuild_seconds)


def _bar(column: int, y: float, share: float, figure: str) -> str:
    x, length = _left(column), round(BAR * share, 1)
    kind = "own" if column == 3 else "shared"  # waste has a colour of its own
    bar = _rect(x, y + 3, max(length, 1), 16, kind=kind, radius=2)
    words = _text(x + length + 6, y + 15, figure, kind="ground")
    return f'<g class="{kind}">{bar}</g><g class="ground">{words}</g>'


def _rect(x: float, y: float, width: float, height: float, *, kind: str, radius: float) -> str:
    paint = LIGHT[kind]
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'fill="{paint.fill}" stroke="{paint.line}"/>'
    )


def _text(x: float, y: float, text: str, *, kind: str, weight: str = "normal") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-weight="{weight}" '
        f'fill="{LIGHT[kind].text}">{escape(text)}</text>'
    )
