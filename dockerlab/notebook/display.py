"""Show a thing that knows its text and its HTML."""

from collections.abc import Mapping

from IPython.display import display


def show(thing: object) -> None:
    """Show `thing` as the cell's output; outside a notebook IPython prints its text."""
    display(thing)  # type: ignore[no-untyped-call] # IPython has no types here


def show_bundle(forms: Mapping[str, object]) -> None:
    """Show one thing in several forms, by MIME type; a reader draws the best that it can."""
    display(dict(forms), raw=True)  # type: ignore[no-untyped-call]
