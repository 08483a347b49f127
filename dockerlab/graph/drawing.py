"""A picture as SVG, with the same in words for whoever cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from dockerlab import messages


@dataclass(frozen=True)
class Drawing:
    """A picture: its `title`, its `svg`, and in `words` what the picture shows, line by line.

    `svg` is None where it could not be drawn; `note` then says why. `source` is the picture in
    Graphviz's language, empty where it is none of Graphviz's: a browser draws it then, and on a
    page without a kernel the words stand alone.
    """

    title: str
    words: tuple[str, ...]
    svg: str | None
    note: str = ""
    source: str = ""

    def __str__(self) -> str:
        return "\n".join((self.title, *(f"  {line}" for line in self.words)))

    __repr__ = __str__

    def save(self, path: str | Path) -> Path:
        """Write the picture to `path`, as PNG if the name ends so, as SVG otherwise.

        Raises:
            ValueError: there is no picture, because the `dot` program is missing, or this picture
                can be had as SVG only.

        """
        target = Path(path)
        if self.svg is None:
            raise ValueError(self.note)
        if target.suffix.lower() != ".png":
            target.write_text(self.svg, encoding="utf-8")
            return target
        if not self.source:
            raise ValueError(messages.text("graph.svg_only"))
        from graphviz import Source  # noqa: PLC0415

        # 144 dots per inch: sharp on the screens of today.
        dotted = self.source.replace("{\n", "{\n\tdpi=144\n", 1)
        target.write_bytes(Source(dotted).pipe(format="png"))
        return target

    def _ipython_display_(self) -> None:
        """Show the picture, then the words: folded under it, or open in its place.

        Two outputs rather than one: GitHub shows SVG outputs but strips SVG out of HTML ones, and
        JupyterLab puts an SVG output into an `<img>`, where a screen reader cannot look inside.
        """
        # Imported here: the drawing itself needs no IPython.
        from IPython.core.display_functions import publish_display_data  # noqa: PLC0415

        if self.svg is None and self.source:
            self._show_widget()
            return
        if self.svg is not None:
            publish_display_data({"image/svg+xml": self.svg, "text/plain": self.title})  # type: ignore[no-untyped-call]
        publish_display_data({"text/html": self._words_html(), "text/plain": str(self)})  # type: ignore[no-untyped-call]

    def _show_widget(self) -> None:
        """Have the browser draw it: Graphviz as WebAssembly is in this package."""
        from IPython.display import display  # noqa: PLC0415

        from dockerlab.graph.theme import stylesheet  # noqa: PLC0415
        from dockerlab.widgets.graph import Graph  # noqa: PLC0415

        widget = Graph(
            title=self.title,
            words=self.words,
            source=self.source,
            sheet=stylesheet(),
            still=self._words_html(),
        )
        display(widget)  # type: ignore[no-untyped-call]

    def _words_html(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.words)
        if self.svg is None:
            title = f"<p><b>{escape(self.title)}</b></p>"
            return f"{title}<p>{escape(self.note)}</p><ol>{lines}</ol>"
        summary = escape(messages.text("graph.in_words"))
        return f"<details><summary>{summary}</summary><ol>{lines}</ol></details>"
