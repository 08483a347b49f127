"""`dockerlab.what_happened()`: the engine's events behind the last `!docker` command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dockerlab.errors import LessonProblem
from dockerlab.notebook.shell import Command, observe
from dockerlab.notebook.trace import Watch, Watching

if TYPE_CHECKING:
    import docker

_following: Following | None = None


class Following:
    """Watches the engine from each `!docker` command until the next one."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self._watching: Watching | None = None
        self._last: Watch | None = None
        self._stop: Callable[[], None] = observe(self._begin)

    def last(self) -> Watch | None:
        """Return what was seen of the last command, or None before the first one."""
        if self._watching is not None:
            self._last = self._watching.finish()
            self._watching = None
        return self._last

    def stop(self) -> None:
        """Stop watching."""
        self._stop()
        if self._watching is not None:
            self._watching.drop()
            self._watching = None

    def _begin(self, command: Command) -> None:
        if self._watching is not None:
            self._watching.drop()
        self._watching = Watching(self._client)
        self._watching.watched.commands.append(command)


def follow(client: docker.DockerClient) -> None:
    """Watch every `!docker` command on this engine from now on, and no other engine."""
    global _following  # noqa: PLW0603 - one kernel works on one lesson at a time
    unfollow()
    _following = Following(client)


def unfollow() -> None:
    """Stop watching `!docker` commands."""
    global _following  # noqa: PLW0603
    if _following is not None:
        _following.stop()
    _following = None


def what_happened() -> Watch:
    """Return what the engine did during the last `!docker` command; a notebook draws it.

    Raises:
        LessonProblem: no lesson has begun, or no `!docker` command has run in it.

    """
    seen = _following.last() if _following else None
    if seen is None:
        raise LessonProblem("trace.no_command")
    return seen
