"""What the widgets say, in the reader's language; the browser's side gets its share from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dockerlab import messages

LOCALES = Path(__file__).parent / "locales"


def text(key: str, /, **values: object) -> str:
    """Return the sentence `key`, its placeholders filled in.

    >>> import os; os.environ["DOCKERLAB_LANG"] = "en"
    >>> text("terminal.ended", code=0)
    'The session has ended, with exit code 0. Its container is removed.'
    """
    return sentences(messages.language())[key].format(**values)


def texts_of(widget: str) -> dict[str, str]:
    """Return the sentences of `[widget.browser]`, unfilled, by their names."""
    prefix = f"{widget}.browser."
    known = sentences(messages.language())
    return {key.removeprefix(prefix): each for key, each in known.items() if key.startswith(prefix)}


def sentences(tag: str) -> Mapping[str, str]:
    """Return every sentence of one language by its dotted key."""
    return messages.sentences(tag, LOCALES)
