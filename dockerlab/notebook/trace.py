"""Watch the engine while a command runs: its real events, with their real times.

    with dockerlab.watch() as watched:
        client.containers.run("hello-world")
    watched

In a lesson every `!docker` command is watched by itself: `dockerlab.what_happened()` tells of the
last one (`dockerlab.notebook.following`).

The engine reports what it does at `GET /events` (Docker Engine API, "Monitor events"); a thread
listens there from before the command until after it. `dockerlab.notebook.story` turns what was
heard into a picture.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dockerlab.notebook.lesson import learner_client
from dockerlab.notebook.shell import Command, observe

if TYPE_CHECKING:
    import docker

    from dockerlab.graph import Drawing

SUBSCRIBE = 2.0
"""Seconds to wait for the subscription to be accepted; Podman says so with the first event."""
QUIET = 0.2
SETTLE = 3.0
"""After the command: listen until nothing came for QUIET seconds, SETTLE at most."""


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """One event as the engine reported it; `moment` in seconds since the epoch, its clock."""

    moment: float
    type: str
    action: str
    id: str
    attributes: Mapping[str, str]


@dataclass
class Watch:
    """What was seen between the beginning and the end of a `with dockerlab.watch()` block."""

    client: docker.DockerClient
    began: float = 0.0
    events: list[EngineEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    @property
    def containers(self) -> list[str]:
        """The IDs of the containers that were created, oldest first."""
        return [
            each.id for each in self.events if (each.type, each.action) == ("container", "create")
        ]

    def seen(self, action: str) -> list[EngineEvent]:
        """Return the events of one action, `"pull"` or `"start"` for instance."""
        return [each for each in self.events if each.action == action]

    def draw(self) -> Drawing:
        """Return the sequence of what happened, as a picture with its words."""
        from dockerlab.graph import draw_sequence  # noqa: PLC0415
        from dockerlab.notebook.story import tell  # noqa: PLC0415

        return draw_sequence(tell(self))

    def __repr__(self) -> str:
        return f"<Watch: {len(self.events)} events>"

    def _ipython_display_(self) -> None:
        self.draw()._ipython_display_()


@contextlib.contextmanager
def watch(client: docker.DockerClient | None = None) -> Iterator[Watch]:
    """Listen to the engine's events inside the block; `client` defaults to the lesson's."""
    watching = Watching(client or learner_client())
    stop_observing = observe(watching.watched.commands.append)
    try:
        yield watching.watched
    finally:
        stop_observing()
        watching.finish()


class Watching:
    """A watch that is going on, from its making until `finish`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.watched = Watch(client)
        self._listener = _Listener(client, self.watched.events)
        self._listener.start()
        self.watched.began = time.time()

    def finish(self) -> Watch:
        """Hear what the engine still has to say about what was started, and stop listening."""
        self._listener.finish(lambda: _expects_more(self.watched))
        return self.watched

    def drop(self) -> None:
        """Stop listening at once."""
        self._listener.stop()


class _Listener:
    """A thread that collects the engine's events from `start` to `finish`."""

    def __init__(self, client: docker.DockerClient, heard: list[EngineEvent]) -> None:
        self._client = client
        self._heard = heard
        self._stream: Any = None
        self._subscribed = threading.Event()
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="dockerlab-events", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._subscribed.wait(SUBSCRIBE)

    def finish(self, expects_more: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SETTLE
        self._last = time.monotonic()
        while time.monotonic() < deadline:
            if time.monotonic() - self._last > QUIET and not expects_more():
                break
            time.sleep(0.02)
        self.stop()

    def stop(self) -> None:
        if self._stream is not None:
            with engine_may_be_gone():
                self._stream.close()
        self._thread.join(QUIET)

    def _listen(self) -> None:
        api: Any = self._client.api
        # Closing the stream from the other thread ends the loop, with or without an exception.
        with engine_may_be_gone():
            self._stream = api.events(decode=True)
            self._subscribed.set()
            for event in self._stream:
                self._heard.append(parse_event(event))
                self._last = time.monotonic()
        self._subscribed.set()
        with engine_may_be_gone():
            # The SDK shuts the socket down and leaves its response open, and with it the socket.
            response = getattr(self._stream, "_response", None)
            if response is not None:
                response.close()


def engine_may_be_gone() -> contextlib.AbstractContextManager[None]:
    """Go on without an answer: a picture of what happened is never worth an exception."""
    import requests  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    return contextlib.suppress(DockerException, requests.RequestException, OSError, ValueError)


def parse_event(event: Mapping[str, Any]) -> EngineEvent:
    """Turn one JSON object of `/events` into an `EngineEvent`."""
    actor = event.get("Actor") or {}
    nanoseconds = event.get("timeNano") or event.get("time", 0) * 10**9
    action = str(event.get("Action") or event.get("status") or "")
    return EngineEvent(
        moment=nanoseconds / 1e9,
        type=str(event.get("Type") or ""),
        # Podman says "died" in its own API, and `exec_start: cmd` carries its command.
        action=action.partition(":")[0].replace("died", "die"),
        id=str(actor.get("ID") or event.get("id") or ""),
        attributes={key: str(value) for key, value in (actor.get("Attributes") or {}).items()},
    )


def _expects_more(watched: Watch) -> bool:
    """Whether a container that was started, and runs no more, has not been reported as ended."""
    ended = {each.id for each in watched.seen("die")}
    api: Any = watched.client.api
    for event in watched.seen("start"):
        if event.id in ended:
            continue
        with engine_may_be_gone():
            if not api.inspect_container(event.id)["State"].get("Running"):
                return True
    return False
