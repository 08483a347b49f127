"""The card at the top of a lesson: which engine this is.

Everything in it differs from machine to machine. Its text starts with the title and each line
is `  name   value`, its HTML is one `<div class="dockerlab-card">…</div>` on one line, so that
nbval can be told about both by name (`[dockerlab card]` in the sanitising file).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from dockerlab.connection import NO_RUNTIME, Connection, Source, engine_name
from dockerlab.connection.registry import RegistryAnswer, ask_registries, registry_urls
from dockerlab.errors import SocketMissing
from dockerlab.messages import text
from dockerlab.notebook.display import show

_STYLE = (
    "display:inline-block;border:1px solid #8888;border-left:4px solid #1d63ed;border-radius:4px;"
    "padding:.4em .9em"
)
_CELL = "text-align:left;padding:.05em .8em .05em 0;background:none"


@dataclass(frozen=True)
class Card:
    """Rows of names and values, and notes below them; shows itself as text and as HTML."""

    title: str
    rows: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        notes = ((text("card.note"), note) for note in self.notes)
        rows = (f"  {_padded(name)}{value}" for name, value in (*self.rows, *notes))
        return "\n".join((self.title, *rows))

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL}">{escape(name)}</th>'
            f'<td style="{_CELL}">{escape(value)}</td></tr>'
            for name, value in self.rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f'<div class="dockerlab-card" style="{_STYLE}"><strong>{escape(self.title)}</strong>'
            f"<table>{rows}</table>{notes}</div>"
        )


def make_card(connection: Connection, *, terminal_host: str = "") -> Card:
    """Return the card of a connection; asks the registries, which takes two seconds at most.

    `terminal_host` is what a terminal has in `DOCKER_HOST`.
    """
    facts = connection.facts
    answers = ask_registries(registry_urls(facts.mirrors))
    engine = text(
        "card.engine_value",
        name=engine_name(facts.kind),
        version=facts.version,
        api=facts.api_version,
    )
    rights = text("card.rights_rootless") if facts.rootless else text("card.rights_root")
    rows = (
        (text("card.engine"), engine),
        (text("card.runtime"), facts.runtime),
        (text("card.storage"), facts.storage),
        (text("card.rights"), rights),
        (text("card.registry"), _registry(answers)),
        (text("card.address"), connection.address.url),
    )
    return Card(text("card.title"), rows, tuple(_notes(connection, terminal_host)))


def show_card(connection: Connection, *, terminal_host: str = "") -> None:
    """Show the card in the notebook, or print it where there is none."""
    show(make_card(connection, terminal_host=terminal_host))


def _padded(name: str, width: int = 10) -> str:
    """Fill up to `width` columns; a Chinese character takes two (Unicode Annex 11)."""
    columns = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)
    return name + " " * max(1, width - columns)


def _registry(answers: list[RegistryAnswer]) -> str:
    for answer in answers:
        if answer.answers:
            return text("card.registry_answers", url=answer.url)
    return text("card.registry_silent")


def _notes(connection: Connection, terminal_host: str) -> list[str]:
    """Return what the learner should know besides: an engine that was there and not usable."""
    notes = [
        text("card.passed_over", source=text(attempt.candidate.source), problem=attempt.problem)
        for attempt in connection.attempts
        if attempt.problem is not None
        and attempt.candidate.source is not Source.FOUND
        and not isinstance(attempt.problem, SocketMissing)
    ]
    if connection.facts.runtime == NO_RUNTIME:
        notes.append(text("card.images_only"))
    finds_it_alone = connection.source in (Source.DEFAULT, Source.CONTEXT)
    if not finds_it_alone and terminal_host != connection.address.url:
        notes.append(text("card.terminal", address=connection.address.url))
    return notes
