"""The course of a pull or a build as a widget, brought up to date a few times a second."""

from __future__ import annotations

import time
from dataclasses import asdict
from html import escape
from typing import Any, ClassVar

import traitlets

from dockerlab.widgets.progress.course import Course
from dockerlab.widgets.texts import text, texts_of
from dockerlab.widgets.widget import Widget, script, style

_EVERY = 0.1
_MOST_LINES = 500


class Progress(Widget):
    """Rows with a bar each, and the engine's own lines below. What it came to is not part of it."""

    _esm = script("progress")
    _css = style("progress")
    messages: ClassVar[Any] = None

    title = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("running").tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    log = traitlets.Unicode().tag(sync=True)

    def __init__(self, title: str) -> None:
        super().__init__(title=title, status=text("progress.running"), texts=texts_of("progress"))
        self._next = 0.0

    def show(self, course: Course, *, at_once: bool = False) -> None:
        """Show how far it is; not more often than a reader could see, unless `at_once`."""
        now = time.monotonic()
        if now < self._next and not at_once:
            return
        self._next = now + _EVERY
        with self.hold_sync():
            self.rows = [asdict(row) for row in course.rows.values()]
            self.log = "\n".join(course.log[-_MOST_LINES:])

    def finish(self, course: Course) -> None:
        """Show the end, good or bad."""
        self.show(course, at_once=True)
        self.state = "failed" if course.error else "done"
        self.status = course.error or text("progress.done")

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def still_html(self) -> str:
        """Return the command alone: how it went differs each time, and the result says the rest."""
        return f"<p><code>{escape(self.title)}</code></p>"
