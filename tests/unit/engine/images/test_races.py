"""Images come and go at the same time: what is there is whole, and nothing else is left."""

import asyncio
import gzip
import io
import random
import tarfile
import threading
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from dockerlab.engine.check.checking import check
from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.images import removal
from dockerlab.engine.images.service import Images
from dockerlab.engine.oci import Digest
from tests.engines.images import Image
from tests.unit.engine.images.conftest import BASE, CHILD, OTHER, Lab, parts


def assert_whole(lab: Lab) -> None:
    lab.root.chmod(0o700)
    (lab.root / "metadata.db").chmod(0o600)
    found = check(lab.root, own_mounts=True).findings
    assert [each for each in found if not each.subject.startswith(str(lab.root))] == []


def zipped(image: Image, name: str) -> bytes:
    """The image's archive with its layers compressed, as some tools write them."""
    buffer = io.BytesIO()
    plain = tarfile.open(fileobj=io.BytesIO(image.archive(name)))  # noqa: SIM115
    with plain, tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in plain:
            file = plain.extractfile(member)
            data = file.read() if file else b""
            if member.name.endswith(".tar"):
                data = gzip.compress(data, mtime=0)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


async def test_a_layer_comes_again_before_its_files_are_gone(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    library = lab.images._library
    gone = removal.remove(library, "base:1", force=False, prune=True)
    async with library.collector.hold() as other:  # a pull of the same, begun at this moment
        await other.keep(layers=[layer.chain_id for layer in gone.layers])
        await library.collector.collect(gone.layers, gone.blobs)
        # Here the layer's row is gone, and its files are not.
        await lab.load(CHILD.archive("again:1"))
    assert lab.images.inspect("again:1").size == 6100
    assert await lab.save("again:1")
    assert_whole(lab)


async def test_a_layer_comes_again_in_another_compression(lab: Lab) -> None:
    """Whoever unpacked it gave up; the next has unpacked nothing, and another blob."""
    library = lab.images._library
    chain = (BASE.layers[0].diff_id,)
    async with library.collector.hold() as other:
        await other.keep(layers=chain)  # type: ignore[arg-type]
        await lab.load(zipped(BASE, "base:1"))
        await lab.images.remove("base:1")
        await lab.load(BASE.archive("again:1"))
    assert await lab.save("again:1")
    assert_whole(lab)


async def test_what_was_held_in_vain_goes(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    library = lab.images._library
    async with library.collector.hold() as hold:
        await hold.keep(layers=(BASE.layers[0].diff_id,))  # type: ignore[arg-type]
        await lab.images.remove("base:1")
    assert lab.left() == (0, 0, 0)
    assert_whole(lab)


class Gated(LocalStore):
    """A store whose n-th blob gets its place only once the gate is opened."""

    def __init__(self, root: Path, *, stop_at: int) -> None:
        super().__init__(root)
        self._left = stop_at
        self.reached, self.gate, self.passed = (threading.Event() for _ in range(3))

    def adopt(self, file: Path, digest: Digest) -> None:
        self._left -= 1
        if self._left == 0:
            self.reached.set()
            self.gate.wait(30)
        super().adopt(file, digest)
        if self._left == 0:
            self.passed.set()


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_whoever_goes_away_while_a_blob_is_committed(lab: Lab, number: int) -> None:
    """The layer, the config or the manifest: a thread writes on when its task is cancelled."""
    content = Gated(lab.root / "content", stop_at=number)
    images = Images(
        database=lab.database, content=content, snapshots=lab.snapshots, events=lab.events
    )

    async def load_it() -> None:
        async for _ in images.load(parts(BASE.archive("base:1"))):
            pass

    task = asyncio.create_task(load_it())
    assert await asyncio.to_thread(content.reached.wait, 30)
    task.cancel()
    await asyncio.wait([task], timeout=0.2)  # time enough for one that does not wait to end
    content.gate.set()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.to_thread(content.passed.wait, 30)
    assert lab.left() == (0, 0, 0)
    await images.close()


NAMES = {"a:1": BASE, "b:1": CHILD, "c:1": OTHER, "d:1": BASE}


async def load(lab: Lab, chance: random.Random) -> None:
    for _ in range(12):
        name = chance.choice(list(NAMES))
        await lab.load(NAMES[name].archive(name))


async def load_in_vain(lab: Lab, chance: random.Random) -> None:
    for _ in range(12):
        pieces = parts(CHILD.archive("b:1"), 1 + chance.randrange(20_000))
        async with aclosing(lab.images.load(pieces)) as records:
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.random() / 50):
                    async for _ in records:
                        pass


async def remove(lab: Lab, chance: random.Random) -> None:
    for _ in range(40):
        await asyncio.sleep(chance.random() / 100)
        with suppress(NotFound, Conflict):  # another prune may be at work
            if chance.random() < 0.3:
                await lab.images.prune()
            await lab.images.remove(chance.choice(list(NAMES)))


@pytest.mark.parametrize("seed", range(3))
async def test_everybody_at_once(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    work = (load, load, load, load_in_vain, remove, remove)
    await asyncio.gather(*(each(lab, chance) for each in work))
    for summary in lab.images.list():
        assert await lab.save(*summary.repo_tags)
    assert_whole(lab)
    for summary in lab.images.list(every=True):
        await lab.images.remove(summary.id, force=True)
    assert lab.left() == (0, 0, 0)
