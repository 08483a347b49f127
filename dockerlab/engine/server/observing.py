"""Routes that show what a container does, and change what it may: top, stats, update."""

import asyncio

import msgspec
from aiohttp import web

from dockerlab.engine.containers import processes
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.processes import Usage
from dockerlab.engine.containers.register import not_running
from dockerlab.engine.containers.updating import Changes
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server.answers import answer, line, stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.container_shapes import moment
from dockerlab.engine.server.create_request import as_go_reads
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.shapes import Document

_INTERVAL = 1.0
_BLOCK_IO = (
    "io_service_bytes_recursive",
    "io_serviced_recursive",
    "io_queue_recursive",
    "io_service_time_recursive",
    "io_wait_time_recursive",
    "io_merged_recursive",
    "io_time_recursive",
    "sectors_recursive",
)


async def top(call: Call) -> web.Response:
    """``docker top``."""
    arguments = call.text("ps_args")
    processes.check_arguments(arguments)
    container = call.engine.containers.get(call.names["name"])
    if not container.state.running:
        raise not_running(container)
    titles, rows = await processes.table(
        container.state.pid, arguments, execs=call.engine.containers.execs.pids(container.id)
    )
    return answer({"Titles": titles, "Processes": rows})


async def stats(call: Call) -> web.StreamResponse:
    """``docker stats``: one measurement, or one a second until the client leaves."""
    container = call.engine.containers.get(call.names["name"])
    if call.flag("stream", default=True):
        response = await call.begin(stream("application/json"))
        before: Usage | None = None
        while True:
            now = _measure(call, container)
            await response.write(line(_document(container, now, before)))
            before = now
            await asyncio.sleep(_INTERVAL)
    before = None
    if container.state.running and not call.flag("one-shot"):
        before = _measure(call, container)
        await asyncio.sleep(_INTERVAL)
    return answer(_document(container, _measure(call, container), before))


async def update(call: Call) -> web.Response:
    """``docker update``."""
    body = await call.json_body()
    if not body:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    changes = as_go_reads(body, Changes)
    warnings = call.engine.containers.update(call.names["name"], changes)
    return answer({"Warnings": list(warnings) or None})


def _measure(call: Call, container: Container) -> Usage | None:
    now = call.engine.containers.get(container.id)
    execs = call.engine.containers.execs.pids(now.id)
    if not now.state.running:
        return None
    usage, host = processes.measure(now.state.pid, execs=execs), now.spec.host
    limit = min(host.memory or usage.memory_limit, usage.memory_limit)
    return msgspec.structs.replace(usage, memory_limit=limit, processes_limit=host.pids_limit or 0)


def _document(container: Container, now: Usage | None, before: Usage | None) -> Document:
    ready = now is not None
    return {
        "name": f"/{container.name}",
        "id": container.id,
        "read": moment(now.moment if now else 0),
        "preread": moment(before.moment if before else 0),
        "pids_stats": _pids(now) if now else {},
        "blkio_stats": {key: [] if ready else None for key in _BLOCK_IO},
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _cpu(now),
        "precpu_stats": _cpu(before),
        "memory_stats": {"usage": now.memory, "limit": now.memory_limit} if now else {},
    }


def _pids(usage: Usage) -> Document:
    limit = {"limit": usage.processes_limit} if usage.processes_limit > 0 else {}
    return {"current": usage.processes, **limit}


def _cpu(usage: Usage | None) -> Document:
    throttling = {"periods": 0, "throttled_periods": 0, "throttled_time": 0}
    made: Document = {
        "cpu_usage": {
            "total_usage": usage.user + usage.system if usage else 0,
            "usage_in_kernelmode": usage.system if usage else 0,
            "usage_in_usermode": usage.user if usage else 0,
        },
        "throttling_data": throttling,
    }
    if usage:
        made |= {"system_cpu_usage": usage.machine, "online_cpus": processes.cpus()}
    return made


routes = (
    Route("GET", "/containers/{name}/top", top),
    Route("GET", "/containers/{name}/stats", stats),
    Route("POST", "/containers/{name}/update", update),
)
