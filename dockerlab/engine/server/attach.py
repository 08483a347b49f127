"""Routes that carry a container's streams: attach, and the size of its terminal."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from dockerlab.engine.containers.attachment import Attachment
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server.answers import empty
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.hijack import Hijacked, content_type, frame
from dockerlab.engine.server.router import Route


async def attach(call: Call) -> web.StreamResponse:
    """``docker attach`` and ``docker run``: the connection becomes the container's streams."""
    attachment = await _attachment(call)
    try:
        connection = call.hijack(content_type(call.version, tty=attachment.tty))
        await carry(attachment, connection)
    finally:
        attachment.close()
    return connection


async def _attachment(call: Call) -> Attachment:
    return await call.engine.containers.attach(
        call.names["name"],
        stdin=call.flag("stdin"),
        stdout=call.flag("stdout"),
        stderr=call.flag("stderr"),
        stream=call.flag("stream"),
        logs=call.flag("logs"),
        detach_keys=call.text("detachKeys"),
    )


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


async def attach_websocket(call: Call) -> web.StreamResponse:
    """The same over a web socket: output as it is, both streams in one, as Docker sends it."""
    attachment = await _attachment(call)
    socket = web.WebSocketResponse()
    try:
        await call.begin(socket)
        await _carry_messages(attachment, socket)
    finally:
        attachment.close()
        await socket.close()
    return socket


async def _carry_messages(attachment: Attachment, socket: web.WebSocketResponse) -> None:
    inward = asyncio.create_task(_receive(attachment, socket))
    try:
        async for _, data in attachment:
            await socket.send_bytes(data)
    finally:
        inward.cancel()
        await asyncio.gather(inward, return_exceptions=True)


async def _receive(attachment: Attachment, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        data: str | bytes = message.data
        await attachment.write(data.encode() if isinstance(data, str) else data)
    await attachment.close_stdin()


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
