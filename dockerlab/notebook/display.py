"""Show a thing that knows its text and its HTML."""

from IPython.display import display


def show(thing: object) -> None:
    """Show `thing` as the cell's output; outside a notebook IPython prints its text."""
    display(thing)  # type: ignore[no-untyped-call] # IPython has no types here
