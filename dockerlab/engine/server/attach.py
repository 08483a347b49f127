"""Routes that carry a container's streams: attach, and the size of its terminal."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from dockerlab.engine.containers.attachment import Attachment
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere
from dockerlab.engine.server.answers import empty
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.hijack import Hijacked, content_type, frame
from dockerlab.engine.server.router import Route


async def attach(call: Call) -> web.StreamResponse:
    """``docker attach`` and ``docker run``: the connection becomes the container's streams."""
    attachment = await call.engine.containers.attach(
        call.names["name"],
        stdin=call.flag("stdin"),
        stdout=call.flag("stdout"),
        stderr=call.flag("stderr"),
        stream=call.flag("stream"),
        logs=call.flag("logs"),
        detach_keys=call.text("detachKeys"),
    )
    try:
        connection = call.hijack(content_type(call.version, tty=attachment.tty))
        await carry(attachment, connection)
    finally:
        attachment.close()
    return connection


async def carry(attachment: Attachment, connection: Hijacked) -> None:
    """Carry bytes both ways until there is no more output."""
    inward = asyncio.create_task(_carry_in(attachment, connection))
    try:
        async for stream, data in attachment:
            await connection.send(data if attachment.tty else frame(stream, data))
    finally:
        inward.cancel()
        await asyncio.gather(inward, return_exceptions=True)
    await connection.finish()


async def _carry_in(attachment: Attachment, connection: Hijacked) -> None:
    while data := await connection.receive():
        await attachment.write(data)
    await attachment.close_stdin()


async def attach_websocket(_call: Call) -> web.Response:
    """Refuse."""
    raise NotImplementedHere("the embedded engine attaches by hijacking, not by web socket")


async def resize(call: Call) -> web.Response:
    """Tell a container's terminal how large it is."""
    height, width = dimension(call, "h", "height"), dimension(call, "w", "width")
    await call.engine.containers.resize(call.names["name"], height=height, width=width)
    return empty(HTTPStatus.OK)


def dimension(call: Call, key: str, name: str) -> int:
    """A size in characters; raises InvalidParameter as Docker words it."""
    text = call.text(key)
    if text.isascii() and text.isdigit() and int(text) < 2**32:
        return int(text)
    problem = "value out of range" if text.isascii() and text.isdigit() else "invalid syntax"
    raise InvalidParameter(f'invalid resize {name} "{text}": {problem}')


routes = (
    Route("POST", "/containers/{name}/attach", attach),
    Route("GET", "/containers/{name}/attach/ws", attach_websocket),
    Route("POST", "/containers/{name}/resize", resize),
)
