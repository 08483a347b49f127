"""``GET /containers/{name}/logs``: what a container has written, and what it goes on to write."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from aiohttp import web

from dockerlab.engine.containers.logs.reading import LogFrame, Query
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server.answers import stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.hijack import content_type, frame
from dockerlab.engine.server.router import Route
from dockerlab.engine.timestamp import parse_moment


async def logs(call: Call) -> web.StreamResponse:
    """``docker logs``."""
    containers = call.engine.containers
    query = Query(
        stdout=call.flag("stdout"),
        stderr=call.flag("stderr"),
        since=_moment(call, "since"),
        until=_moment(call, "until"),
        timestamps=call.flag("timestamps"),
        tail=_tail(call.text("tail")),
        follow=call.flag("follow"),
    )
    name = call.names["name"]
    tty = containers.get(name).spec.config.tty
    records = cast("AsyncGenerator[LogFrame, None]", await containers.logs(name, query))
    async with aclosing(records):
        response = await call.begin(stream(content_type(call.version, tty=tty)))
        async for record in records:
            data = record.data if tty else frame(record.stream, record.data)
            await response.write(data)
    return response


def _moment(call: Call, name: str) -> int:
    text = call.text(name)
    try:
        return parse_moment(text) if text and text != "0" else 0
    except InvalidParameter as error:
        raise InvalidParameter(f'invalid value for "{name}": {error}') from None


_DIGITS = 19
"""More lines than can be counted so are all lines."""


def _tail(text: str) -> int:
    """How many lines of the end; what is no number means all of them, as in Docker."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else -1


routes = (Route("GET", "/containers/{name}/logs", logs),)
