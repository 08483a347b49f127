"""Blobs into the content store: each once, for however many clients want it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dockerlab.engine.content.store import ContentStore, Ingest
from dockerlab.engine.distribution.patience import Patience
from dockerlab.engine.distribution.replies import Refused
from dockerlab.engine.distribution.source import Source
from dockerlab.engine.distribution.transport import Dropped, Unreachable
from dockerlab.engine.errors import DataLoss, EngineError, NotFound
from dockerlab.engine.oci import Descriptor, Digest
from dockerlab.engine.progress import Progress
from dockerlab.engine.threads import unbroken

AT_ONCE = 3  # as Docker's max-concurrent-downloads
_REPORT_EVERY = 0.1
_ENOUGH_TO_GO_ON = 64 << 10

Report = Callable[[Progress], None]


class _Running:
    """One download, and those who watch it."""

    def __init__(self) -> None:
        self.watchers: list[Report] = []
        self.latest: Progress | None = None
        self.task: asyncio.Task[None]

    def report(self, progress: Progress) -> None:
        self.latest = progress
        for watcher in self.watchers:
            watcher(progress)


class Downloads:
    """All downloads of an engine: three at once, each blob once."""

    def __init__(
        self,
        content: ContentStore,
        *,
        at_once: int = AT_ONCE,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._content = content
        self._slots = asyncio.Semaphore(at_once)
        self._patience = patience or Patience(attempts=5)
        self._clock = clock
        self._running: dict[Digest, _Running] = {}

    async def fetch(
        self, descriptor: Descriptor, sources: Sequence[Source], report: Report
    ) -> None:
        """Return when the content store has the blob, whole and verified.

        Cancelled, it stops the download unless another client waits for the same blob.

        Raises:
            DataLoss: the bytes are not those of the digest; nothing is kept.
            Refused: no source gives the blob; of the last one's words.
            SystemFailure: no source can be reached, or all break off.

        """
        while not self._content.has(descriptor.digest):
            running = self._running.get(descriptor.digest)
            if running is None:
                await self._watch(self._start(descriptor, sources), descriptor, report)
                return
            # Another client's download may fail for its own reasons (its credentials, its
            # mirror): then this client goes on by itself.
            with contextlib.suppress(EngineError):
                await self._watch(running, descriptor, report)
                return
        report(Progress(status="Download complete", id=short(descriptor.digest)))

    def _start(self, descriptor: Descriptor, sources: Sequence[Source]) -> _Running:
        running = _Running()
        running.task = asyncio.create_task(self._download(descriptor, sources, running.report))
        running.task.add_done_callback(lambda _: self._forget(descriptor.digest, running))
        self._running[descriptor.digest] = running
        return running

    def _forget(self, digest: Digest, running: _Running) -> None:
        if self._running.get(digest) is running:
            del self._running[digest]
        if running.task.done() and not running.task.cancelled():
            running.task.exception()  # whoever watches has it; without watchers nobody asks

    async def _watch(self, running: _Running, descriptor: Descriptor, report: Report) -> None:
        running.watchers.append(report)
        if running.latest is not None:
            report(running.latest)
        try:
            await asyncio.shield(running.task)
        finally:
            running.watchers.remove(report)
            if not running.watchers and not running.task.done():
                self._forget(descriptor.digest, running)
                running.task.cancel()
                await asyncio.wait([running.task])

    async def _download(
        self, descriptor: Descriptor, sources: Sequence[Source], report: Report
    ) -> None:
        if self._slots.locked():
            report(Progress(status="Waiting", id=short(descriptor.digest)))
        async with self._slots:
            failure: EngineError = NotFound(f"no source for {descriptor.digest}")
            for source in sources:
                try:
                    await self._from(source, descriptor, report)
                except (Refused, Unreachable, Dropped, DataLoss, NotFound) as error:
                    failure = error
                else:
                    return
        raise failure

    async def _from(self, source: Source, descriptor: Descriptor, report: Report) -> None:
        """One source's try, with as many resumptions as make headway."""
        if (file := source.file(descriptor)) is not None:
            await self._link(file, descriptor, report)
            return
        while True:
            with self._content.ingest() as ingest:
                resumed = await self._receive(source, descriptor, ingest, report)
                report(Progress(status="Verifying Checksum", id=short(descriptor.digest)))
                try:
                    await unbroken(ingest.commit, expected=descriptor.digest, size=descriptor.size)
                except DataLoss as error:
                    if not resumed:
                        raise _verification_failed(descriptor) from error
                    continue  # what was put together from pieces deserves a second, whole try
            report(Progress(status="Download complete", id=short(descriptor.digest)))
            return

    async def _link(self, file: Path, descriptor: Descriptor, report: Report) -> None:
        """Leave the blob where it lies."""
        report(Progress(status="Verifying Checksum", id=short(descriptor.digest)))
        link = partial(self._content.link, digest=descriptor.digest, size=descriptor.size)
        await unbroken(link, file)
        report(Progress(status="Download complete", id=short(descriptor.digest)))

    async def _receive(
        self, source: Source, descriptor: Descriptor, ingest: Ingest, report: Report
    ) -> bool:
        """Everything up to the descriptor's size; whether it came in more than one piece."""
        fruitless = 0
        resumed = False
        while True:
            before = ingest.offset
            try:
                await self._stream(source, descriptor, ingest, report)
            except (Dropped, Unreachable):
                headway = ingest.offset - before >= _ENOUGH_TO_GO_ON
                fruitless = 0 if headway else fruitless + 1
                if fruitless >= self._patience.attempts:
                    raise
                await self._pause(self._patience.delay(fruitless), descriptor, report)
                resumed = resumed or ingest.offset > 0
            else:
                return resumed

    async def _pause(self, seconds: float, descriptor: Descriptor, report: Report) -> None:
        whole = max(1, round(seconds))
        text = f"Retrying in {whole} second{'' if whole == 1 else 's'}"
        report(Progress(status=text, id=short(descriptor.digest)))
        await asyncio.sleep(seconds)

    async def _stream(
        self, source: Source, descriptor: Descriptor, ingest: Ingest, report: Report
    ) -> None:
        told = float("-inf")
        async with contextlib.aclosing(source.blob(descriptor, offset=ingest.offset)) as pieces:
            async for piece in pieces:
                if ingest.offset + len(piece) > descriptor.size:
                    raise _verification_failed(descriptor)
                await unbroken(ingest.write, piece)
                if self._clock() - told >= _REPORT_EVERY:
                    told = self._clock()
                    report(_downloading(descriptor, ingest.offset))
        if ingest.offset < descriptor.size:
            raise Dropped(
                f"{descriptor.digest} ended after {ingest.offset} of {descriptor.size} bytes"
            )


def short(digest: Digest) -> str:
    """The 12 digits by which Docker names a layer to people."""
    return digest.removeprefix("sha256:")[:12]


def _downloading(descriptor: Descriptor, received: int) -> Progress:
    return Progress(
        status="Downloading",
        id=short(descriptor.digest),
        current=received,
        total=descriptor.size,
    )


def _verification_failed(descriptor: Descriptor) -> DataLoss:
    return DataLoss(f"filesystem layer verification failed for digest {descriptor.digest}")
