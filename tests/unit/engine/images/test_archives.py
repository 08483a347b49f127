"""``save`` and ``load``: what goes out comes in again, and what is damaged leaves nothing."""

import asyncio
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zstandard

from dockerlab.engine.errors import EngineError, InvalidParameter, NotFound
from tests.engines.images import Image
from tests.engines.programs import need
from tests.unit.engine.images.conftest import BASE, CHILD, OTHER, Lab, parts

LAYER = BASE.layers[0]


def archive(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, target in (links or {}).items():
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.SYMTYPE, target
                tar.addfile(entry)
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return buffer.getvalue()


def docker_archive(**parts_of_item: object) -> bytes:
    """An archive of BASE with something wrong in its manifest, as a rule."""
    item = {"Config": "c.json", "RepoTags": ["base:1"], "Layers": ["l.tar"], **parts_of_item}
    return archive(
        {
            "manifest.json": json.dumps([item]).encode(),
            "c.json": BASE.config.data,
            "l.tar": LAYER.tar,
        }
    )


def oci_layout(image: Image, name: str) -> bytes:
    blobs = [*image.blobs(), image.manifest]
    annotations = {"org.opencontainers.image.ref.name": name}
    index = {
        "schemaVersion": 2,
        "manifests": [{**image.manifest.descriptor(), "annotations": annotations}],
    }
    return archive(
        {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index).encode(),
            **{f"blobs/{blob.digest.replace(':', '/')}": blob.data for blob in blobs},
        }
    )


async def streams(lab: Lab, data: bytes) -> list[str]:
    return [record.stream for record in await lab.load(data)]


async def test_what_is_loaded_is_told(lab: Lab) -> None:
    assert await streams(lab, BASE.archive("base:1", "team/base:2")) == [
        "Loaded image: base:1\n",
        "Loaded image: team/base:2\n",
    ]
    assert await streams(lab, BASE.archive()) == [f"Loaded image ID: {BASE.config.digest}\n"]
    assert await streams(lab, CHILD.archive("base:1")) == [
        f"The image base:1 already exists, renaming the old one with ID {BASE.config.digest} "
        "to empty string\n",
        "Loaded image: base:1\n",
    ]
    assert lab.happened() == ["load"] * 3


async def test_layers_report_unless_quiet(lab: Lab) -> None:
    records = await lab.load(BASE.archive("base:1"), quiet=False)
    name = LAYER.diff_id[7:19]
    assert {r.id for r in records if r.status == "Loading layer"} == {name}
    assert records[-2].current == records[-2].total == len(LAYER.tar)
    # A layer that is here is not loaded again.
    assert [r.status for r in await lab.load(BASE.archive("base:1"), quiet=False)] == [""]


async def test_files_of_layers_are_unpacked(lab: Lab) -> None:
    await lab.load(CHILD.archive("child:1"))
    chain = lab.images.resolve("child:1").chain_id
    assert chain is not None
    assert (lab.snapshots.directory(chain) / "more").read_text() == "m" * 5000


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
async def test_compressed_archives(lab: Lab, pack: object) -> None:
    assert callable(pack)
    assert await streams(lab, pack(BASE.archive("base:1"))) == ["Loaded image: base:1\n"]


async def test_compressed_layers(lab: Lab) -> None:
    data = archive(
        {
            "manifest.json": json.dumps(
                [{"Config": "c.json", "RepoTags": ["base:1"], "Layers": ["l.tar.gz"]}]
            ).encode(),
            "c.json": BASE.config.data,
            "l.tar.gz": gzip.compress(LAYER.tar),
        }
    )
    assert await streams(lab, data) == ["Loaded image: base:1\n"]
    assert LAYER.tar in await lab.save("base:1")


async def test_links_of_old_archives(lab: Lab) -> None:
    data = archive(
        {
            "manifest.json": json.dumps(
                [{"Config": "c.json", "RepoTags": ["base:1"], "Layers": ["b/layer.tar"]}]
            ).encode(),
            "c.json": BASE.config.data,
            "a/layer.tar": LAYER.tar,
        },
        {"b/layer.tar": "../a/layer.tar"},
    )
    assert await streams(lab, data) == ["Loaded image: base:1\n"]


async def test_oci_layouts(lab: Lab) -> None:
    assert await streams(lab, oci_layout(CHILD, "child:1")) == ["Loaded image: child:1\n"]
    # "1.2" alone is a tag of nothing.
    assert await streams(lab, oci_layout(BASE, "1.2")) == [
        f"Loaded image ID: {BASE.config.digest}\n"
    ]


async def test_what_was_saved_is_loaded(lab: Lab, tmp_path: Path) -> None:
    await lab.load(BASE.archive("base:1", "base:2"))
    await lab.load(CHILD.archive("team/child:1"))
    saved = await lab.save("base", "team/child:1")
    assert saved == await lab.save("base", "team/child:1")
    again = Lab.open(tmp_path / "again")
    assert await streams(again, saved) == [
        "Loaded image: base:1\n",
        "Loaded image: base:2\n",
        "Loaded image: team/child:1\n",
    ]
    assert {i.id for i in again.images.list()} == {i.id for i in lab.images.list()}
    assert again.images.history("base:1") == lab.images.history("base:1")
    await again.close()


async def test_a_saved_archive_is_an_oci_layout(lab: Lab) -> None:
    await lab.load(CHILD.archive("team/child:1"))
    saved = await lab.save("team/child:1")
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        files = {
            member.name: (tar.extractfile(member) or io.BytesIO()).read()
            for member in tar.getmembers()
            if member.isfile()
        }
    for name, data in files.items():
        if name.startswith("blobs/sha256/"):
            assert hashlib.sha256(data).hexdigest() == name.removeprefix("blobs/sha256/")
    (descriptor,) = json.loads(files["index.json"])["manifests"]
    assert descriptor["annotations"] == {
        "io.containerd.image.name": "docker.io/team/child:1",
        "org.opencontainers.image.ref.name": "1",
    }
    (item,) = json.loads(files["manifest.json"])
    assert item["RepoTags"] == ["team/child:1"]
    assert [files[path] for path in item["Layers"]] == [layer.tar for layer in CHILD.layers]
    assert files[item["Config"]] == CHILD.config.data


@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
async def test_other_tools_read_what_was_saved(lab: Lab, tmp_path: Path, transport: str) -> None:
    need("skopeo", package="skopeo")
    await lab.load(CHILD.archive("team/child:1"))
    (tmp_path / "saved.tar").write_bytes(await lab.save("team/child:1"))
    ran = await asyncio.create_subprocess_exec(
        "skopeo", "--insecure-policy", "copy",
        f"{transport}:{tmp_path / 'saved.tar'}", f"dir:{tmp_path / 'copy'}",
    )  # fmt: skip
    assert await ran.wait() == 0


async def test_an_id_is_saved_without_a_name(lab: Lab) -> None:
    await lab.load(BASE.archive("base:1"))
    with tarfile.open(fileobj=io.BytesIO(await lab.save(BASE.config.digest[7:19]))) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        assert json.load(manifest)[0]["RepoTags"] is None


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("nosuch", NotFound, "No such image: nosuch"),
        ("nosuch:1", NotFound, "reference does not exist"),
        ("sha256:abcdef", NotFound, "No such image: sha256:abcdef"),
        (
            "UPPER",
            InvalidParameter,
            "invalid reference format: repository name (library/UPPER) must be lowercase",
        ),
    ],
)
async def test_what_cannot_be_saved(
    lab: Lab, name: str, error: type[EngineError], sentence: str
) -> None:
    await lab.load(BASE.archive("base:1"))
    with pytest.raises(error) as refused:
        await lab.save("base:1", name)
    assert str(refused.value) == sentence


GOOD = CHILD.archive("child:1")
DAMAGED: list[tuple[str, bytes, str]] = [
    ("cut short", GOOD[: len(GOOD) // 2], "unexpected EOF"),
    ("cut short in the first file", GOOD[:700], "unexpected EOF"),
    ("cut short, compressed", gzip.compress(GOOD, mtime=0)[:400], "unexpected EOF"),
    ("no tar", b"junk" * 1000, "archive/tar: invalid tar header"),
    ("nothing", b"", "invalid archive: does not contain a manifest.json"),
    ("an empty tar", bytes(10240), "invalid archive: does not contain a manifest.json"),
    ("no JSON", archive({"manifest.json": b"{"}), "failed to decode manifest.json"),
    ("null", archive({"manifest.json": b"null"}), "manifest cannot be null (but can be [])"),
    ("a missing config", docker_archive(Config="x"), "open x: no such file or directory"),
    ("a missing layer", docker_archive(Layers=["x"]), "open x: no such file or directory"),
    ("a layer too many", docker_archive(Layers=["l.tar"] * 2), "expected 2, got 1"),
    ("another file as layer", docker_archive(Layers=["c.json"]), "unexpected EOF"),
    ("a climbing path", docker_archive(Config="../../etc/passwd"), "no such file or directory"),
    ("a malformed tag", docker_archive(RepoTags=["UPPER"]), "must be lowercase"),
    ("a digest as tag", docker_archive(RepoTags=["a@sha256:" + "a" * 64]), "invalid tag"),
]


@pytest.mark.parametrize(
    ("data", "sentence"), [d[1:] for d in DAMAGED], ids=[d[0] for d in DAMAGED]
)
async def test_of_a_damaged_archive_nothing_is_kept(lab: Lab, data: bytes, sentence: str) -> None:
    with pytest.raises(EngineError) as refused:
        await lab.load(data)
    assert sentence in str(refused.value)
    assert lab.left() == (0, 0, 0)
    assert lab.images.list() == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((b'"linux"', b'"windows"'), "cannot load windows image on linux"),
        ((b'"rootfs"', b'"other"'), "invalid image JSON, no RootFS key"),
        ((b"2020-01-02", b"2020-99-02"), "invalid image config"),
        (
            (LAYER.diff_id.encode(), b"sha256:" + b"0" * 64),
            'invalid diffID for layer 0: expected "sha256:000',
        ),
    ],
)
async def test_of_a_damaged_config_nothing_is_kept(
    lab: Lab, change: tuple[bytes, bytes], sentence: str
) -> None:
    data = archive(
        {
            "manifest.json": json.dumps([{"Config": "c", "Layers": ["l"]}]).encode(),
            "c": BASE.config.data.replace(*change),
            "l": LAYER.tar,
        }
    )
    with pytest.raises(EngineError) as refused:
        await lab.load(data)
    assert sentence in str(refused.value)
    assert lab.left() == (0, 0, 0)


async def test_one_damaged_image_keeps_the_whole_archive_out(lab: Lab) -> None:
    items = [
        {"Config": "c", "RepoTags": ["base:1"], "Layers": ["l"]},
        {"Config": "c2", "RepoTags": ["other:1"], "Layers": ["l2"]},
    ]
    data = archive(
        {
            "manifest.json": json.dumps(items).encode(),
            "c": BASE.config.data,
            "l": LAYER.tar,
            "c2": OTHER.config.data,
            "l2": b"damaged",
        }
    )
    with pytest.raises(EngineError):
        await lab.load(data)
    assert lab.left() == (0, 0, 0)


async def test_a_client_that_goes_away_leaves_nothing(lab: Lab) -> None:
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        async for part in parts(GOOD[: len(GOOD) // 2]):
            yield part
        waiting.set()
        await asyncio.Event().wait()

    async def load() -> None:
        async for _ in lab.images.load(stalled()):
            pass

    task = asyncio.create_task(load())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lab.left() == (0, 0, 0)


async def test_the_same_archive_many_times_at_once(lab: Lab) -> None:
    await asyncio.gather(*(lab.load(GOOD) for _ in range(8)))
    assert lab.left() == (4, 2, 0)
    assert [summary.repo_tags for summary in lab.images.list()] == [("child:1",)]


async def test_removal_during_load_breaks_neither(lab: Lab) -> None:
    async def remove() -> None:
        for _ in range(20):
            await asyncio.sleep(0.001)
            try:
                await lab.images.remove("base:1")
            except NotFound:
                continue

    for _ in range(3):
        await asyncio.gather(lab.load(BASE.archive("base:1")), lab.load(GOOD), remove())
        chain = lab.images.resolve("child:1").chain_id
        assert chain is not None
        assert (lab.snapshots.directory(chain) / "more").exists()
        assert (await lab.save("child:1")).count(b"m" * 5000) == 1
