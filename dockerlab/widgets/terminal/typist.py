"""Typing lines for the reader, where nobody sits at the keyboard: each when the prompt is there.

A shell says that it waits by its prompt, which is all that a terminal has to go by (`expect` does
the same). So a line is typed when the cursor stands behind something that ends like a prompt, and
its answer is there when the next prompt is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dockerlab.widgets.terminal.session import Session

PROMPT = re.compile(r"[#$>%] ?$")
PATIENCE = 30.0
"""Seconds that the answer to one line may take."""

_ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_=>])")
_CONTROL = re.compile(r"[\x00-\x1f]$")


def type_lines(session: Session, lines: Iterable[str], *, seconds: float = PATIENCE) -> None:
    r"""Type each of `lines` when the prompt is there, and wait for the last one's answer.

    A line that ends with a control character (`"\x04"` is Ctrl-D) is typed without Enter.
    """
    mark = 0
    session.wait_for(lambda: is_prompt(session.since(mark)), seconds=seconds)
    for line in lines:
        if session.has_ended.is_set():
            return
        mark = session.count
        _type(session, line)
        _await_answer(session, mark, seconds)


def _type(session: Session, line: str) -> None:
    ending = "" if _CONTROL.search(line) else "\r"
    session.write((line + ending).encode())


def _await_answer(session: Session, mark: int, seconds: float) -> None:
    def answered() -> bool:
        since = session.since(mark)
        # The first line is the typed one: the terminal's echo of it.
        return b"\n" in since and is_prompt(since)

    session.wait_for(answered, seconds=seconds)


def is_prompt(written: bytes) -> bool:
    r"""Return whether the cursor stands behind a prompt.

    >>> is_prompt(b"hello\r\n\x1b[?2004h/ # "), is_prompt(b"hello\r\n"), is_prompt(b"bash-5.2# ls")
    (True, False, False)
    """
    last = _ESCAPES.sub(b"", written).rpartition(b"\n")[2].rpartition(b"\r")[2]
    return PROMPT.search(last.decode("utf-8", "replace")) is not None
