"""The event bus: what happened to images, containers and the rest, now and lately.

As in Docker, the last 256 events are remembered so that ``docker events --since`` can replay them
(Docker Engine API, ``GET /events``).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

REMEMBERED = 256


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """``action`` happened to the ``type`` object ``id`` at ``time_nano`` (Unix, nanoseconds)."""

    type: str
    action: str
    id: str
    time_nano: int
    attributes: Mapping[str, str] = {}


class EventBus:
    """Publishes events to every subscriber, in order, without ever waiting for one."""

    def __init__(self, *, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._recent: deque[Event] = deque(maxlen=REMEMBERED)
        self._subscribers: set[asyncio.Queue[Event]] = set()

    def publish(
        self, *, type: str, action: str, id: str, attributes: Mapping[str, str] | None = None
    ) -> Event:
        """Tell every subscriber, and remember."""
        event = Event(
            type=type, action=action, id=id, time_nano=self._now(), attributes=attributes or {}
        )
        self._recent.append(event)
        for queue in self._subscribers:
            queue.put_nowait(event)
        return event

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._subscribers)

    def recent(self) -> tuple[Event, ...]:
        """The remembered events, oldest first."""
        return tuple(self._recent)

    @contextmanager
    def subscription(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue of the events from now on, for as long as the block lasts."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)
