"""Slips that everybody makes in a cell, met with a sentence in place of a traceback.

- `docker ps`, without the `!`: Python takes it for Python;
- `answer = redis:8`, without quotation marks;
- a name that a cell further up makes, which has not been run yet.

IPython shows an error by its methods `showsyntaxerror` and `showtraceback`. Both are asked here
first. All other errors are shown as always, and the cell has failed either way.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from dockerlab.messages import text
from dockerlab.notebook.notice import Notice, Tone

_COMMAND = re.compile(r"\s*(?:\w+\s*=\s*)?(docker\s.*\S|docker)\s*$")
_ANSWER = re.compile(r"\s*answer\s*=\s*(.*\S)\s*$")


def install(shell: Any) -> None:  # noqa: ANN401 - IPython is untyped
    """Make `shell` (an `InteractiveShell`) explain slips; twice is once."""
    for method in ("showsyntaxerror", "showtraceback"):
        original = getattr(shell, method)
        if not getattr(original, "explains_slips", False):
            setattr(shell, method, _explaining(shell, original))


def uninstall(shell: Any) -> None:  # noqa: ANN401
    """Let IPython show all errors as it does."""
    for method in ("showsyntaxerror", "showtraceback"):
        shown = getattr(shell, method)
        setattr(shell, method, getattr(shown, "original", shown))


def explain(error: BaseException | None) -> Notice | None:
    """Return what to say of a slip, or None if it is another error."""
    if isinstance(error, SyntaxError):
        return _in_line((error.text or "").strip())
    if isinstance(error, NameError):
        return _unknown(error)
    return None


def _in_line(line: str) -> Notice | None:
    command, answer = _COMMAND.match(line), _ANSWER.match(line)
    if command:
        return _notice("command", command=command[1])
    if answer and not answer[1].startswith(("'", '"')):
        return _notice("answer", answer=answer[1].replace('"', ""))
    return None


def _unknown(error: NameError) -> Notice | None:
    steps = traceback.extract_tb(error.__traceback__)
    line = (steps[-1].line or "") if steps else ""
    # `docker --version` is a subtraction to Python, and `answer = latest` a name.
    if error.name == "docker" or _ANSWER.match(line):
        return _in_line(line)
    # Inside a function, a library's for example, it is another matter.
    at_top = bool(steps) and steps[-1].name == "<module>"
    return _notice("unknown", name=error.name) if at_top and error.name else None


def _notice(slip: str, **values: object) -> Notice:
    return Notice(Tone.BAD, text(f"slip.{slip}"), (text(f"slip.{slip}_cure", **values),))


def _explaining(shell: Any, original: Callable[..., None]) -> Callable[..., None]:  # noqa: ANN401
    from dockerlab.notebook.display import show  # noqa: PLC0415

    def shown(*arguments: Any, **options: Any) -> None:  # noqa: ANN401 - whatever IPython passes
        error = sys.exc_info()[1]
        notice = explain(error)
        # Somebody else may have asked to explain errors: see `refusal`.
        if notice is None or isinstance(error, shell.custom_exceptions):
            original(*arguments, **options)
        else:
            show(notice)

    shown.explains_slips = True  # type: ignore[attr-defined]
    shown.original = original  # type: ignore[attr-defined]
    return shown
