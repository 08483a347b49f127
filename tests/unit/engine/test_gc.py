"""What nobody refers to is collected, and nothing else."""

import asyncio

import pytest

from dockerlab.engine.errors import NotFound
from dockerlab.engine.gc import Collector
from dockerlab.engine.oci import ChainID, Digest
from tests.unit.engine.images.conftest import BASE, CHILD, Lab, lab

__all__ = ["lab"]


def collector(lab: Lab) -> Collector:
    return Collector(database=lab.database, content=lab.content, snapshots=lab.snapshots)


async def test_sweep_keeps_what_images_and_containers_need(lab: Lab) -> None:
    await lab.load(CHILD.archive("child:1"))
    lab.use(CHILD, "c1", status="exited")
    before = lab.left()
    await lab.images.sweep()
    assert lab.left() == before
    assert lab.images.inspect("child:1").size == 6100


async def test_sweep_removes_what_a_crash_left(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    before = lab.left()
    lab.content.add(b"a blob of a pull that never ended")
    (lab.content.ingests / "half").write_bytes(b"half of one")
    lab.snapshots.prepare("unpack-1", parent=None)
    lab.snapshots.prepare("unpack-2", parent=lab.images.resolve("base:1").chain_id)
    lab.snapshots.commit("sha256:" + "1" * 64, "unpack-2")
    await lab.images.sweep()
    assert lab.left() == before


async def test_sweep_removes_layers_that_lost_their_image(lab: Lab) -> None:
    await lab.load(CHILD.archive("child:1"))
    with lab.database.transaction() as connection:
        connection.execute("DELETE FROM image_names")
        connection.execute("DELETE FROM images")
    await lab.images.sweep()
    assert lab.left() == (0, 0, 0)


async def test_what_is_held_stays_until_it_is_released(lab: Lab) -> None:
    blob = lab.content.add(b"a layer")
    chain = ChainID("sha256:" + "1" * 64)
    lab.snapshots.prepare("unpack", parent=None)
    lab.snapshots.commit(chain, "unpack")
    garbage = collector(lab)
    async with garbage.hold() as first:
        await first.keep(blobs=[blob], layers=[chain])
        async with garbage.hold() as second:
            await second.keep(blobs=[blob], layers=[chain])
        await garbage.collect((), [blob])
        assert lab.content.has(blob)
        assert lab.snapshots.stat(chain).name == chain
        assert chain in garbage.needed()
    assert not lab.content.has(blob)
    with pytest.raises(NotFound):
        lab.snapshots.stat(chain)
    assert garbage.needed() == frozenset()


async def test_a_base_layer_and_its_plain_blob_have_one_name_but_two_lives(lab: Lab) -> None:
    blob = lab.content.add(b"a layer that is its own diff ID")
    chain = ChainID(blob)
    lab.snapshots.prepare("unpack", parent=None)
    lab.snapshots.commit(chain, "unpack")
    garbage = collector(lab)
    async with garbage.hold() as outer:
        await outer.keep(blobs=[Digest(chain)])
        async with garbage.hold() as inner:
            await inner.keep(layers=[chain])
        assert lab.content.has(blob)
        with pytest.raises(NotFound):
            lab.snapshots.stat(chain)


async def test_what_is_committed_is_held_at_once(lab: Lab) -> None:
    garbage = collector(lab)
    with lab.content.ingest() as ingest:
        ingest.write(b"new")
        async with garbage.hold() as hold:
            blob, _ = await asyncio.gather(hold.commit(ingest), garbage.collect((), []))
            await garbage.collect((), [blob])
            assert lab.content.has(blob)
    assert not lab.content.has(blob)
