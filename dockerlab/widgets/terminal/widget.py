"""The terminal as a widget: a session, and the views that show it."""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar

import traitlets

from dockerlab.widgets.terminal import protocol
from dockerlab.widgets.terminal.screen import screen_html, screen_lines
from dockerlab.widgets.terminal.session import Session
from dockerlab.widgets.texts import text, texts_of
from dockerlab.widgets.widget import Widget, library_key, script, style


class Terminal(Widget):
    """A live terminal. It ends with its cell, with the kernel, and with the program in it."""

    _esm = script("terminal")
    _css = style("terminal")
    messages: ClassVar[Any] = protocol.FromBrowser

    title = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("running").tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    columns = traitlets.Int(80).tag(sync=True)
    rows = traitlets.Int(24).tag(sync=True)

    def __init__(self, session: Session, *, title: str, columns: int, rows: int) -> None:
        super().__init__(
            title=title,
            columns=columns,
            rows=rows,
            status=text("terminal.running" if session.place.is_ours else "terminal.running_exec"),
            texts=texts_of("terminal"),
            library=library_key("xterm"),
        )
        self.session = session
        self._has_views = False
        session.listen(self._send_output, self._tell_end)
        if session.has_ended.is_set():
            self._tell_end()

    def end(self) -> None:
        """End the session, and remove the container that was made for it."""
        self.session.end()

    def receive(self, message: protocol.FromBrowser) -> None:
        """Act on what a view sent."""
        match message:
            case protocol.Ready(view=view, columns=columns, rows=rows):
                self.session.forget_lag()
                self._has_views = True
                self.send({"type": "output", "view": view}, [self.session.written])
                self._resize(columns, rows)
            case protocol.Input(data=data):
                self.session.write(data.encode())
            case protocol.Resize(columns=columns, rows=rows):
                self._resize(columns, rows)
            case protocol.Shown(count=count):
                self.session.shown(count)
            case protocol.Gone():
                self._has_views = False
                self.end()
            case protocol.End():
                self.end()

    def _resize(self, columns: int, rows: int) -> None:
        if (columns, rows) != (self.columns, self.rows) and columns > 0 and rows > 0:
            self.columns, self.rows = columns, rows
            self.session.resize(columns=columns, rows=rows)

    def _send_output(self, piece: bytes) -> None:
        if self._has_views:
            self.send({"type": "output", "view": ""}, [piece])
        else:
            self.session.shown(len(piece))

    def _tell_end(self) -> None:
        self.status = self._last_words()
        self.state = "ended"

    def _last_words(self) -> str:
        code = self.session.exit_code
        if code is None:
            return text("terminal.gone")
        ours = self.session.place.is_ours
        return text("terminal.ended" if ours else "terminal.ended_exec", code=code)

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on the screen, line by line, with what has scrolled away above it."""
        return screen_lines(self.session.written, columns=self.columns, rows=self.rows)

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def still_html(self) -> str:
        """Return the screen as it is now."""
        shown = screen_html(self.session.written, columns=self.columns, rows=self.rows)
        ended = self.session.has_ended.is_set()
        below = self._last_words() if ended else text("terminal.still")
        return (
            f'<div class="dockerlab-still" role="group" aria-label="{escape(self.title)}">'
            f"<p><strong>{escape(self.title)}</strong></p>{shown}<p>{escape(below)}</p></div>"
        )
