"""The course of a pull or a build, from the engine's messages.

`POST /images/create` and `POST /build` answer with a stream of JSON messages (Docker Engine API,
"Create an image", "Build an image"); here they become rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerlab.labels import LESSON_LABEL
from dockerlab.layers import human_size
from dockerlab.widgets.texts import text

_LAYER = re.compile(r"[0-9a-f]{12}")
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_DONE = frozenset({"Pull complete", "Already exists", "Download complete"})
_IS_NO_NEWS = frozenset({"Waiting", "Verifying Checksum", "Pulling fs layer"})
_CACHED = " ---> Using cache"


@dataclass(slots=True)
class Row:
    """A layer or a step: what becomes of it, and how far it is, from 0 to 1 (None: not known)."""

    name: str
    status: str = ""
    done: float | None = None
    detail: str = ""


@dataclass(slots=True)
class Course:
    """What has happened so far; `error` is what the engine said when it gave up."""

    rows: dict[str, Row] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    error: str = ""

    def hear(self, message: Mapping[str, Any]) -> tuple[str, ...]:
        """Take a message of the engine; return what is worth a plain line of its own."""
        if "error" in message:
            self.error = str(message["error"])
            return ()
        return self._hear(message)

    def _hear(self, message: Mapping[str, Any]) -> tuple[str, ...]:
        raise NotImplementedError


class PullCourse(Course):
    """The course of a pull: a row for each layer."""

    def _hear(self, message: Mapping[str, Any]) -> tuple[str, ...]:
        status, name = str(message.get("status", "")), str(message.get("id", ""))
        if not _LAYER.fullmatch(name):
            line = f"{name}: {status}" if name else status
            self.log.append(line)
            return (line,)
        row = self.rows.setdefault(name, Row(name))
        is_news = row.status != status and status not in _IS_NO_NEWS
        row.status = status
        detail = message.get("progressDetail") or {}
        current, total = detail.get("current"), detail.get("total")
        if current is not None and total:
            row.done = min(1.0, current / total)
            row.detail = f"{human_size(current)} / {human_size(total)}"
        elif status in _DONE:
            row.done = 1.0
            row.detail = row.detail.rpartition(" / ")[2]
        return (f"{name}: {status}",) if is_news and status in _DONE else ()


def _explained(step: str) -> str:
    """A step in the words of its Dockerfile; the one that is not in there says whose it is."""
    if not step.startswith(f"LABEL {LESSON_LABEL}="):
        return step
    why = text("progress.own_label")
    return f"{step}  ({why})"


class BuildCourse(Course):
    """The course of a build: a row for each step, and all that its commands print."""

    def _hear(self, message: Mapping[str, Any]) -> tuple[str, ...]:
        lines = tuple(str(message.get("stream", "")).splitlines())
        for line in lines:
            step = _STEP.fullmatch(line)
            if step:
                self._finish_last()
                name = f"{step[1]}/{step[2]}"
                self.rows[name] = Row(name, status="…", detail=_explained(step[3]))
            elif line == _CACHED and self.rows:
                self._last().status = "cached"
        self.log += lines
        return lines

    def finish(self) -> None:
        """Note that the build has ended well."""
        self._finish_last()

    def _finish_last(self) -> None:
        if self.rows:
            last = self._last()
            last.done = 1.0
            last.status = last.status if last.status == "cached" else "done"

    def _last(self) -> Row:
        return next(reversed(self.rows.values()))
