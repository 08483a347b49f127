"""Routes about commands that are run in running containers."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from dockerlab.engine.containers.exec_instance import Exec, ExecConfig
from dockerlab.engine.errors import EngineError, InvalidParameter
from dockerlab.engine.server.answers import answer, empty
from dockerlab.engine.server.attach import carry, dimension
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.containers import completed
from dockerlab.engine.server.create_request import as_go_reads
from dockerlab.engine.server.hijack import content_type, frame
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.shapes import Document
from dockerlab.engine.server.versions import Version

_CONSOLE_SIZE_SINCE = Version(1, 42)


class StartRequest(msgspec.Struct, frozen=True, rename="pascal"):
    """How a command is to be started (``ExecStartConfig``)."""

    detach: bool = False
    tty: bool = False
    console_size: tuple[int, int] | None = None


async def create(call: Call) -> web.Response:
    """Prepare a command."""
    body = await call.json_body()
    if not body:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    config = as_go_reads(body, ExecConfig)
    if call.version < _CONSOLE_SIZE_SINCE:
        config = msgspec.structs.replace(config, console_size=None)
    made = call.engine.containers.execs.create(call.names["name"], config)
    return answer({"Id": made.id}, status=HTTPStatus.CREATED)


async def start(call: Call) -> web.StreamResponse:
    """Start it; the connection becomes its streams, unless it is detached from at once."""
    body = await call.json_body()
    request = as_go_reads(body, StartRequest) if body else StartRequest()
    execs = call.engine.containers.execs
    chosen = execs.check(call.names["id"])
    if request.detach:
        await completed(execs.start(chosen.id, detached=True))
        return empty(HTTPStatus.OK)
    size = request.console_size if request.tty and call.version >= _CONSOLE_SIZE_SINCE else None
    attachment = execs.attach(chosen.id, tty=request.tty)
    try:
        connection = call.hijack(content_type(call.version, tty=request.tty))
        try:
            await completed(execs.start(chosen.id, console_size=size))
        except EngineError as error:
            said = f"{error}\r\n".encode()
            await connection.send(said if request.tty else frame(1, said))
            await connection.finish()
        else:
            await carry(attachment, connection)
    finally:
        attachment.close()
    return connection


async def inspect(call: Call) -> web.Response:
    """Show what became of it."""
    return answer(_details(call.engine.containers.execs.get(call.names["id"])))


async def resize(call: Call) -> web.Response:
    """Tell its terminal how large it is."""
    height, width = dimension(call, "h", "height"), dimension(call, "w", "width")
    call.engine.containers.execs.resize(call.names["id"], height=height, width=width)
    return empty(HTTPStatus.OK)


def _details(chosen: Exec) -> Document:
    config = chosen.config
    process: Document = {
        "tty": config.tty,
        "entrypoint": config.cmd[0],
        "arguments": list(config.cmd[1:]),
        "privileged": config.privileged,
    }
    if chosen.user:
        process["user"] = chosen.user
    return {
        "ID": chosen.id,
        "Running": chosen.running,
        "ExitCode": chosen.exit_code,
        "ProcessConfig": process,
        "OpenStdin": config.attach_stdin,
        "OpenStderr": config.attach_stderr,
        "OpenStdout": config.attach_stdout,
        "CanRemove": False,
        "ContainerID": chosen.container.id,
        "DetachKeys": chosen.keys.decode("latin-1") if config.detach_keys else "",
        "Pid": chosen.pid,
    }


routes = (
    Route("POST", "/containers/{name}/exec", create),
    Route("GET", "/exec/{id}/json", inspect),
    Route("POST", "/exec/{id}/start", start),
    Route("POST", "/exec/{id}/resize", resize),
)
