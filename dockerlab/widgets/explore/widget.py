"""The explorer as a widget: the layers beside the files, what is wasted above both.

The tree stays in Python; the browser asks for a folder when it is opened. An image may have a
hundred thousand files, and a reader looks at a few dozen.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any, ClassVar

import traitlets

from dockerlab.layers import Analysis, WastedPath, human_size, short
from dockerlab.widgets.explore.files import FilesAtLayer
from dockerlab.widgets.explore.protocol import Children, FromBrowser, Search
from dockerlab.widgets.texts import text, texts_of
from dockerlab.widgets.widget import Widget, script, style

MOST_WASTED = 100
IN_STILL_FORM = 10


class Explorer(Widget):
    """An image's layers, files, changes and waste."""

    _esm = script("explore")
    _css = style("explore")
    messages: ClassVar[Any] = FromBrowser

    title = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    layers: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    waste: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(
            title=text("explore.title", name=analysis.name),
            summary=_summary(analysis),
            layers=[_layer(analysis, index) for index in range(len(analysis.layers))],
            waste=[_wasted(path) for path in analysis.efficiency.paths[:MOST_WASTED] if path.size],
            texts=texts_of("explore"),
        )
        self.analysis = analysis
        self._files = lru_cache(maxsize=4)(lambda index: FilesAtLayer(analysis, index))

    def receive(self, message: FromBrowser) -> None:
        """Answer a question of the browser."""
        if not 0 <= message.layer < len(self.analysis.layers):
            return
        files = self._files(message.layer)
        match message:
            case Children(request=request, key=key, changed=changed, order=order):
                rows, left = files.children(key, changed=changed, order=order)
                self.send({"type": "children", "request": request, "rows": rows, "left": left})
            case Search(request=request, words=words):
                rows, total = files.search(words)
                self.send({"type": "found", "request": request, "rows": rows, "total": total})

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def __str__(self) -> str:
        lines = (
            f"  {each['number']}. {each['size']} {each['command']}: {each['counts']}"
            for each in self.layers
        )
        return "\n".join((self.title, self.summary, *lines))

    def still_html(self) -> str:
        """Return the layers and what is wasted, as tables."""
        heads = ("number", "layer_size", "command", "changes")
        cells = ("number", "size", "command", "counts")
        rows = [[str(each[cell]) for cell in cells] for each in self.layers]
        wasted = [
            [each["name"], str(each["layers"]), each["size"]] for each in self.waste[:IN_STILL_FORM]
        ]
        layers = _table(text("explore.layers"), [self.texts[head] for head in heads], rows)
        names = [self.texts[head] for head in ("path", "in_layers", "wasted_bytes")]
        waste = _table(text("explore.wasted"), names, wasted) if wasted else ""
        return (
            f'<div class="dockerlab-still"><p><strong>{escape(self.title)}</strong></p>'
            f"<p>{escape(self.summary)}</p>{layers}{waste}</div>"
        )


def _summary(analysis: Analysis) -> str:
    return text(
        "explore.summary",
        size=human_size(analysis.size),
        layers=len(analysis.layers),
        score=f"{analysis.efficiency.score:.1%}",
        wasted=human_size(analysis.efficiency.wasted_bytes),
    )


def _wasted(path: WastedPath) -> dict[str, Any]:
    return {
        "key": path.path.removeprefix(b"/").decode("latin-1"),
        "name": path.name,
        "layers": path.layers,
        "size": human_size(path.size),
    }


def _layer(analysis: Analysis, index: int) -> dict[str, Any]:
    each = analysis.layers[index]
    changes = each.changes
    return {
        "number": index + 1,
        "command": each.layer.created_by or "?",
        "size": human_size(each.layer.size or 0),
        "digest": short(each.layer.diff_id),
        "counts": text(
            "explore.counts",
            added=len(changes.added),
            modified=len(changes.modified),
            removed=len(changes.removed),
        ),
    }


def _table(caption: str, heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{escape(each)}</td>' for each in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"
