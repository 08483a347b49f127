"""What a build says while it goes on, line for line as Docker Engine's classic builder says it."""

import asyncio
import codecs
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from dockerlab.engine.progress import Progress

_WAITING = 256
"""Records that may wait for a slow client before the build waits for it, too."""
_RED, _PLAIN = "\x1b[91m", "\x1b[0m"


class Output:
    """Where a build's words go. Whoever says more than is read waits.

    A ``quiet`` build keeps its words to itself, and says them only if it fails.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._kept: list[Progress] = []
        self._waiting: asyncio.Queue[Progress | None] = asyncio.Queue(_WAITING)

    async def line(self, text: str) -> None:
        """Say a line."""
        await self.record(Progress(stream=f"{text}\n"))

    async def record(self, record: Progress) -> None:
        """Pass a record on."""
        if self._quiet:
            self._kept.append(record)
        else:
            await self._waiting.put(record)

    async def conclude(self, image_id: str) -> None:
        """The image is there: all that a quiet build has to say."""
        if self._quiet:
            await self._waiting.put(Progress(stream=f"{image_id}\n"))

    async def during(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> AsyncGenerator[Progress, None]:
        """Do ``work`` and yield what it says; then raise what it raises.

        When the generator is closed, the work is cancelled, and has ended.
        """
        task = asyncio.create_task(self._all(work))
        try:
            while (record := await self._waiting.get()) is not None:
                yield record
            await task
        finally:
            task.cancel()
            while not task.done():  # it may wait for room, to say its last words
                self._drain()
                await asyncio.wait([task], timeout=0.01)
            if not task.cancelled():
                task.exception()

    def _drain(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()

    async def _all(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception:
            for record in self._kept:
                await self._waiting.put(record)
            raise
        finally:
            await self._waiting.put(None)


class CommandOutput:
    """What a step's command writes: text, and what goes to its stderr in red."""

    def __init__(self, output: Output) -> None:
        self._output = output
        decoder = codecs.getincrementaldecoder("utf-8")
        # A character may be cut in two where one piece ends.
        self._decoders = {number: decoder("replace") for number in (1, 2)}

    async def write(self, stream: int, data: bytes, *, final: bool = False) -> None:
        """Say what came from a stream: 1 is stdout, 2 stderr."""
        text = self._decoders[stream].decode(data, final)
        if text:
            shown = f"{_RED}{text}{_PLAIN}" if stream == 2 else text
            await self._output.record(Progress(stream=shown))

    async def close(self) -> None:
        """There is no more."""
        for stream in self._decoders:
            await self.write(stream, b"", final=True)
