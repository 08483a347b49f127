"""A pack without an engine: what is read, what is refused, and how damage is named."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from dockerlab.cli import main
from dockerlab.packs.bundle import opened, write_bundle
from dockerlab.packs.layout import (
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    Index,
    Pack,
    digest_of,
    encode,
    named,
    read_pack,
)
from dockerlab.packs.problems import PackDamaged, PackMissing
from dockerlab.packs.saved import take_apart
from dockerlab.packs.verify import verify_pack

NAME = "docker.io/library/test:1"
_LAYER = bytes(range(256)) * 40
_CONFIG = encode(
    {
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [digest_of(_LAYER), digest_of(_LAYER)]},
    }
)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")


def saved(layer: bytes = _LAYER, *, config: bytes = _CONFIG) -> bytes:
    """What Docker 20 saves: a folder for each layer, and a link where two are equal."""
    items = [{"Config": "c.json", "RepoTags": None, "Layers": ["a/layer.tar", "b/layer.tar"]}]
    link = tarfile.TarInfo("b/layer.tar")
    link.type, link.linkname = tarfile.SYMTYPE, "../a/layer.tar"
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, data in (
                ("a/layer.tar", layer),
                ("c.json", config),
                ("manifest.json", encode(items)),
            ):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
            archive.addfile(link)
        return buffer.getvalue()


def chunks(data: bytes, size: int = 777) -> Iterator[bytes]:
    yield from (data[start : start + size] for start in range(0, len(data), size))


def make(folder: Path, data: bytes) -> Pack:
    (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / LAYOUT_FILE).write_bytes(LAYOUT)
    variant = take_apart(chunks(data), folder, name=NAME, progress=int)
    (folder / INDEX_FILE).write_bytes(encode(Index((named(NAME, [variant], folder),))))
    return read_pack(folder)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return make(tmp_path / "pack", saved())


def test_what_docker_saves_is_taken_apart(pack: Pack) -> None:
    [image] = pack.images
    [variant] = image.variants
    assert (image.name, str(variant.platform)) == (NAME, "linux/arm64/v8")
    assert [layer.digest for layer in variant.layers] == [digest_of(_LAYER)] * 2
    assert variant.config.digest == digest_of(_CONFIG)
    blobs = list((pack.folder / "blobs" / "sha256").iterdir())
    assert len(blobs) == 3, "configuration, manifest, and the layer once"
    assert list(verify_pack(pack)) == []


@pytest.mark.parametrize(
    "compressed", [gzip.compress(_LAYER), zstandard.compress(_LAYER)], ids=["gzip", "zstd"]
)
def test_compressed_layers_give_the_same_pack(
    pack: Pack, tmp_path: Path, compressed: bytes
) -> None:
    other = make(tmp_path / "other", saved(compressed))
    assert other.images == pack.images


@pytest.mark.parametrize(
    "data",
    [
        saved()[:5000],
        saved(b"another layer"),
        saved(gzip.compress(_LAYER)[:40]),
        saved(config=b"[]"),
        saved(config=b"not JSON"),
        b"no archive at all",
        b"",
    ],
    ids=["cut short", "another layer", "gzip cut short", "a list", "no JSON", "no tar", "nothing"],
)
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PackDamaged, match=r"saved of docker\.io/library/test:1 is cut short"):
        make(tmp_path / "pack", data)
    assert list((tmp_path / "pack" / "blobs" / "sha256").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "pack").iterdir()) == ["blobs", LAYOUT_FILE]


def test_a_file_is_the_same_each_time(pack: Pack, tmp_path: Path) -> None:
    write_bundle(pack, tmp_path / "a.tar.zst")
    for path in pack.folder.rglob("*"):
        path.touch()
    write_bundle(pack, tmp_path / "b.tar.zst")
    assert (tmp_path / "a.tar.zst").read_bytes() == (tmp_path / "b.tar.zst").read_bytes()
    with opened(tmp_path / "a.tar.zst") as unpacked:
        assert unpacked.images == pack.images
        assert list(verify_pack(unpacked)) == []


def test_a_list_needs_the_beginning_only(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "pack.tar.zst"
    write_bundle(pack, path)
    with opened(path, layers=False) as listed:
        assert listed.images == pack.images
        layer = digest_of(_LAYER).removeprefix("sha256:")
        assert not (listed.folder / "blobs" / "sha256" / layer).exists()


@pytest.mark.parametrize("part", ["layer", "config", "manifest"])
@pytest.mark.parametrize("change", ["gone", "longer", "other"])
def test_damage_is_named(
    pack: Pack, part: str, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    variant = pack.images[0].variants[0]
    parts = {"layer": variant.layers[0], "config": variant.config, "manifest": variant.manifest}
    digest = parts[part].digest
    blob = pack.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
    data = blob.read_bytes()
    blob.unlink()
    if change != "gone":
        blob.write_bytes(data + b"x" if change == "longer" else b"x" + data[1:])
    assert main(["pack", "verify", str(pack.folder)]) == 1
    shown = capsys.readouterr()
    assert digest in shown.err
    assert shown.out == ""


def archive(*members: tuple[str, bytes]) -> bytes:
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, data in members:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        return zstandard.compress(buffer.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zstd",
        zstandard.compress(b"no tar"),
        archive((INDEX_FILE, b"{}")),
        archive(("../outside", b"x")),
        archive(("/etc/outside", b"x")),
        archive(("blobs/sha256/../../outside", b"x")),
        archive((LAYOUT_FILE, LAYOUT)),
    ],
)
def test_a_hostile_file_is_refused(
    tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.tar.zst"
    path.write_bytes(data)
    for verb in ("verify", "list"):
        assert main(["pack", verb, str(path)]) == 1
        assert f"The pack {path} is damaged" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_digest_is_no_path(tmp_path: Path) -> None:
    entry = {"mediaType": "x", "digest": "sha256:../../../etc/passwd", "size": 1}
    (tmp_path / INDEX_FILE).write_bytes(encode({"manifests": [entry]}))
    with pytest.raises(PackDamaged, match="passwd"):
        read_pack(tmp_path)


def test_no_pack_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PackMissing):
        read_pack(tmp_path)
    assert main(["pack", "list", str(tmp_path / "nothing")]) == 1
    assert "There is no pack at" in capsys.readouterr().err
