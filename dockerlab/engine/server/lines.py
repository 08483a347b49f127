"""The lines that long operations send while they work: pull, load, import and build.

Each is one JSON object, ended by CR and LF. Clients draw the bar from ``progressDetail``; the
ready-made bar in ``progress`` is for those that only print.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from dockerlab.engine.errors import EngineError, StepFailed
from dockerlab.engine.oci import encode
from dockerlab.engine.progress import Progress
from dockerlab.engine.server.answers import log_unexpected, sentence, stream
from dockerlab.engine.server.call import Call

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BAR_WIDTH = 50
_AT_ONCE = 64


def human_size(size: float) -> str:
    """Bytes as Docker prints them: powers of 1000 and four digits.

    >>> human_size(32768), human_size(7797760), human_size(5)
    ('32.77kB', '7.798MB', '5B')
    """
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.4g}{_UNITS[unit]}"


def bar(current: int, total: int) -> str:
    """How far it is, for people.

    >>> bar(25, 100)
    '[============>                                      ]      25B/100B'
    """
    if current <= 0 and total <= 0:
        return ""
    if total <= 0:
        return f"{human_size(current):>8}"
    done = min(int(current / total * 100) // 2, _BAR_WIDTH)
    numbers = f"{human_size(current):>8}"
    if current <= total:
        numbers += f"/{human_size(total)}"
    return f"[{'=' * done}>{' ' * (_BAR_WIDTH - done)}] {numbers}"


def line(record: Progress) -> bytes:
    """One record as Docker sends it."""
    message: dict[str, object] = {}
    if record.stream:
        message["stream"] = record.stream
    if record.status:
        message["status"] = record.status
    if record.current is not None or record.total is not None:
        current, total = record.current or 0, record.total or 0
        counts = {"current": current, "total": total}
        message["progressDetail"] = {name: count for name, count in counts.items() if count}
        if text := bar(current, total):
            message["progress"] = text
    if record.id:
        message["id"] = record.id
    if record.error:
        detail: dict[str, object] = {"code": record.error_code} if record.error_code else {}
        message |= {"errorDetail": {**detail, "message": record.error}, "error": record.error}
    if record.aux is not None:
        message["aux"] = record.aux
    return encode(message) + b"\r\n"


async def send_lines(
    call: Call, records: AsyncGenerator[Progress, None], *, refuse: bool = True
) -> web.StreamResponse:
    """Send the records as they come; the work behind them ends with the client's connection.

    What fails before the first record is refused with its own status, unless ``refuse`` is False;
    what fails later is the last line, since the status is out by then.
    """
    async with aclosing(records):
        first = await anext(records, None) if refuse else None
        response = await call.begin(stream("application/json"))
        lines = _Lines(response)
        try:
            if first is not None:
                await lines.send(line(first))
            async for record in records:
                await lines.send(line(record))
            await lines.flush()
        except ConnectionError:
            raise  # the client is gone
        except Exception as error:
            if not isinstance(error, EngineError):
                log_unexpected(error)
            code = error.exit_code if isinstance(error, StepFailed) else 0
            await lines.send(line(Progress(error=sentence(error), error_code=code)))
            await lines.flush()
        finally:
            await lines.close()
    return response


class _Lines:
    """Sends lines that come in one turn of the event loop with one system call, not one each."""

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response
        self._waiting: list[bytes] = []
        self._flushing: asyncio.Task[None] | None = None

    async def send(self, data: bytes) -> None:
        """Send a line, at the latest when this task waits for something else."""
        self._waiting.append(data)
        if len(self._waiting) >= _AT_ONCE:
            await self.flush()
        elif self._flushing is None or self._flushing.done():
            self._raise_what_failed()
            self._flushing = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        """Send what waits; waits itself where the client is slow."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        if data:
            await self._response.write(data)

    async def close(self) -> None:
        """Send no more."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.wait([self._flushing])
            self._flushing.cancelled() or self._flushing.exception()

    def _raise_what_failed(self) -> None:
        if self._flushing is not None:
            self._flushing.result()
