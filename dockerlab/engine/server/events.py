"""``GET /events``: what happens in the engine, as it happens."""

import asyncio
import time
from collections.abc import Callable

from aiohttp import web

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.events import Event
from dockerlab.engine.filters import Filters
from dockerlab.engine.reference import parse
from dockerlab.engine.server.answers import line, stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import Version
from dockerlab.engine.timestamp import SECOND, parse_moment

_IMAGE_CREATE_SINCE = Version(1, 46)
_BY_START = frozenset({"health_status", "exec_create", "exec_start"})
"""Actions that go on after a colon, and may be asked for without what follows."""
_KINDS = (
    "daemon",
    "container",
    "plugin",
    "volume",
    "network",
    "service",
    "node",
    "secret",
    "config",
)


def document(event: Event) -> dict[str, object]:
    """An event as a client reads it: Docker's old names for its parts first, then the new ones."""
    made: dict[str, object] = {}
    if event.type in ("container", "image"):
        made = {"status": event.action, "id": event.id}
        if event.type == "container" and "image" in event.attributes:
            made["from"] = event.attributes["image"]
    return {
        **made,
        "Type": event.type,
        "Action": event.action,
        "Actor": {"ID": event.id, "Attributes": dict(event.attributes)},
        "scope": "local",
        "time": event.time_nano // SECOND,
        "timeNano": event.time_nano,
    }


def wanted(filters: Filters) -> Callable[[Event], bool]:
    """Whether an event is among those asked for: all filters, each by any of its values."""

    def named(kind: str, event: Event) -> bool:
        name = event.attributes.get("name", "")
        return filters.prefix(kind, event.id) or filters.prefix(kind, name)

    def image(event: Event) -> bool:
        name = event.attributes.get("name" if event.type == "image" else "image", "")
        names = (event.id, name, _without_tag(event.id), _without_tag(name))
        return any(filters.exactly("image", text) for text in names)

    def action(event: Event) -> bool:
        by_start = any(text in _BY_START for text in filters.values("event"))
        return (filters.prefix if by_start else filters.exactly)("event", event.action)

    return lambda event: (
        action(event)
        and filters.exactly("type", event.type)
        and filters.exactly("scope", "local")
        and all(named(kind, event) for kind in _KINDS)
        and image(event)
        and filters.labels("label", event.attributes)
    )


def _without_tag(name: str) -> str:
    try:
        return parse(name).familiar_name
    except InvalidParameter:
        return name


def _moment(call: Call, name: str) -> int | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return parse_moment(text)
    except InvalidParameter as error:
        raise InvalidParameter(f"invalid value for '{name}': {error}") from None


async def events(call: Call) -> web.StreamResponse:
    """Send the events from ``since`` on, and go on until ``until`` or for ever."""
    since, until = _moment(call, "since"), _moment(call, "until")
    if until is not None and until < (since or 0):
        raise InvalidParameter(
            f"`since` time ({call.text('since')}) cannot be after `until` time "
            f"({call.text('until')})"
        )
    passes = wanted(call.filters())
    response = stream("application/json")

    async def send(event: Event) -> None:
        hidden = (event.type, event.action) == ("image", "create")
        if passes(event) and not (hidden and call.version < _IMAGE_CREATE_SINCE):
            await response.write(line(document(event)))

    # Subscribed before the head is out: whoever has seen the head misses nothing.
    with call.engine.events.subscription() as coming:
        past = call.engine.events.recent() if since is not None or until is not None else ()
        await call.begin(response)
        for event in past:
            if (since or 0) <= event.time_nano and (until is None or event.time_nano <= until):
                await send(event)
        left = None if until is None else (until - time.time_ns()) / SECOND
        if left is not None and left <= 0:
            return response
        try:
            async with asyncio.timeout(left):
                while True:
                    await send(await coming.get())
        except TimeoutError:
            return response


routes = (Route("GET", "/events", events),)
