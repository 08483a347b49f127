"""From Graphviz source to an SVG that reads well anywhere, through the `dot` program."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from dockerlab import messages
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.theme import FONT, LIGHT, stylesheet

if TYPE_CHECKING:
    from graphviz import Digraph

_TITLE = re.compile(r"<title>.*?</title>\n?", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_SIZE = re.compile(r'width="(\d+)pt" height="(\d+)pt"')
ROOM = 630
"""Points that a picture may be wide: beside JupyterLab's list of files, on 1280 pixels."""
SMALLEST = 0.7
"""The most that one is made smaller to fit: 11 points are then 10 pixels high, and still read."""


def new_graph(*, direction: str = "TB") -> Digraph:
    """Return an empty graph in this package's style."""
    from graphviz import Digraph  # noqa: PLC0415 - it costs 40 ms, and most calls draw nothing

    ground = LIGHT["ground"]
    graph = Digraph(format="svg")
    graph.attr(rankdir=direction, bgcolor=ground.fill, pad="0.2", nodesep="0.25", ranksep="0.35")
    graph.attr("node", fontname=FONT, fontsize="11", shape="box", margin="0.16,0.08")
    graph.attr("edge", fontname=FONT, fontsize="11", arrowsize="0.6")
    return graph


def add_node(
    graph: Digraph, name: str, *, kind: str, lines: Iterable[str], **attributes: str
) -> None:
    """Add a box of a `kind` of the theme with these lines of text."""
    from graphviz import escape as literal  # noqa: PLC0415

    paint = LIGHT[kind]
    graph.node(
        name,
        label="\n".join(str(literal(line)) for line in lines),
        fillcolor=paint.fill,
        color=paint.line,
        fontcolor=paint.text,
        **{"class": kind, "style": "filled", **attributes},
    )


def add_edge(graph: Digraph, tail: str, head: str, **attributes: str) -> None:
    """Add an arrow from the box `tail` to the box `head`."""
    graph.edge(tail, head, **{"class": "plain", "color": LIGHT["plain"].line, **attributes})


def render(graph: Digraph, *, title: str, words: Iterable[str]) -> Drawing:
    """Draw `graph`; without the `dot` program a browser can, and the words are there anyway."""
    from graphviz import ExecutableNotFound  # noqa: PLC0415

    lines = tuple(words)
    try:
        svg = graph.pipe(encoding="utf-8")
    except ExecutableNotFound:
        note = messages.text("graph.no_dot")
        return Drawing(title=title, words=lines, svg=None, note=note, source=graph.source)
    svg = accessible(svg, title=title, words=lines)
    return Drawing(title=title, words=lines, svg=svg, source=graph.source)


def accessible(svg: str, *, title: str, words: Iterable[str]) -> str:
    """Return Graphviz's `svg` with a title, a description, the theme, and nothing that varies.

    Graphviz writes its version into a comment and a title into each node: the first would differ
    from machine to machine, the second would show internal names as tooltips.
    """
    body = _TITLE.sub("", _COMMENT.sub("", svg[svg.index("<svg") :]))
    # A nested element, not the root's own class: the first polygon is the background.
    body = body.replace('class="graph"', 'class="graph ground"', 1)
    opening, _, rest = _fitted(body).partition(">")
    return f'{opening} role="img" aria-labelledby="title desc">{head(title, words)}{rest}'


def _fitted(svg: str) -> str:
    """Make a wide picture smaller: JupyterLab would cut off its right side, and let one scroll.

    >>> _fitted('<svg width="700pt" height="100pt" viewBox="0 0 700 100">')
    '<svg width="630pt" height="90pt" viewBox="0 0 700 100">'
    """

    def smaller(found: re.Match[str]) -> str:
        width, height = int(found[1]), int(found[2])
        scale = min(1.0, max(ROOM / width, SMALLEST))
        return f'width="{width * scale:.0f}pt" height="{height * scale:.0f}pt"'

    return _SIZE.sub(smaller, svg, count=1)


def head(title: str, words: Iterable[str]) -> str:
    """Return the elements that stand first in an accessible SVG (SVG 2, section 5.7, and CSS)."""
    described = escape(" ".join(words))
    return (
        f'<title id="title">{escape(title)}</title><desc id="desc">{described}</desc>'
        f"<style>{stylesheet()}</style>"
    )


def numbered(prefix: str) -> Iterable[str]:
    """Return endless node names: `prefix0`, `prefix1` …, free of whatever dot would interpret."""
    return (f"{prefix}{number}" for number in itertools.count())


def node_names(keys: Iterable[str], prefix: str) -> Mapping[str, str]:
    """Return a safe node name for each key (a digest's colon would mean a port to dot)."""
    return dict(zip(keys, numbered(prefix), strict=False))
