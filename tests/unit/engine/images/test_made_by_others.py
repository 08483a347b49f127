"""Layouts as BuildKit, stargz-snapshotter and others write them: every layer becomes its files."""

import io
import json
import os
import tarfile

from tests.engines.others import OciImage, estargz, gzipped, plain, zstd
from tests.unit.engine.images.conftest import Lab
from tests.unit.engine.unpack.tars import LINK, archive, member

FILES = 2000


def layout(image: OciImage) -> bytes:
    """An OCI layout of one image called `others:1`."""
    manifest = image.manifest
    named = {"annotations": {"io.containerd.image.name": "docker.io/library/others:1"}}
    index = {"schemaVersion": 2, "manifests": [{**manifest.descriptor(), **named}]}
    files = {f"blobs/{b.digest.replace(':', '/')}": b.data for b in (*image.blobs(), manifest)}
    files |= {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps(index).encode(),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _files(lab: Lab, top: str | None) -> dict[bytes, bytes]:
    """All files of a chain of layers, the uppermost of a name."""
    found: dict[bytes, bytes] = {}
    while top is not None:
        directory = os.fsencode(lab.snapshots.directory(top))
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - bytes
                with open(path, "rb") as file:  # noqa: PTH123 - bytes
                    found.setdefault(os.path.relpath(path, directory), file.read())
        top = lab.snapshots.stat(top).parent
    return found


async def test_every_kind_of_layer_in_one_image(lab: Lab) -> None:
    first = archive(member(b"a/one", data=b"1"), member(b"a/raw-\xff", data=b"not UTF-8"))
    many = archive(*(member(b"many/%04d" % n, data=b"%d" % n) for n in range(FILES)))
    across = archive(member(b"a/again", LINK, target=b"a/one"))
    layers = (estargz(first, ["a/one"]), zstd(many), plain(archive()), gzipped(across))
    loaded = await lab.load(layout(OciImage(layers)))
    assert [record.stream for record in loaded] == ["Loaded image: others:1\n"]
    found = _files(lab, lab.images.resolve("others:1").chain_id)
    assert found[b"a/one"] == found[b"a/again"] == b"1"
    assert found[b"a/raw-\xff"] == b"not UTF-8"
    assert found[b".prefetch.landmark"] == b"\x0f"
    assert b"stargz.index.json" in found
    assert sum(name.startswith(b"many/") for name in found) == FILES
    assert lab.images.history("others:1")[-1].created_by == "ENV a=b"
