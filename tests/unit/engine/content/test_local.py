import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.oci import MANIFEST, Descriptor
from tests.engines.programs import need, need_root


def test_it_is_an_oci_image_layout(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "content")
    name = store.add(b"{}")
    assert json.loads((store.root / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((store.root / "index.json").read_text())
    assert index["schemaVersion"] == 2
    assert index["manifests"] == []
    assert (store.root / "blobs" / "sha256" / name.removeprefix("sha256:")).read_bytes() == b"{}"


def test_the_index_names_the_manifests_given(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "content")
    name = store.add(b"{}")
    store.describe([Descriptor(MANIFEST, name, 2)])
    index = json.loads((store.root / "index.json").read_text())
    assert index["manifests"] == [{"mediaType": MANIFEST, "digest": name, "size": 2}]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = LocalStore(tmp_path / "content")
        store.add(b"secret")
    finally:
        os.umask(before)
    for path in [store.root, *store.root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_second_opening_keeps_all(tmp_path: Path) -> None:
    name = LocalStore(tmp_path / "content").add(b"kept")
    again = LocalStore(tmp_path / "content")
    again.sweep()
    assert again.read(name) == b"kept"


FILL = """
import sys
from pathlib import Path
from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.errors import DiskFull
store = LocalStore(Path(sys.argv[1]) / "content")
kept = store.add(b"kept")
try:
    with store.ingest() as ingest:
        while True:
            ingest.write(bytes(1 << 16))
except DiskFull as error:
    assert "no space left on device" in str(error)
else:
    sys.exit("the disk was never full")
assert list(store.walk()) == [kept]
assert not any(store.ingests.iterdir())
assert store.read(store.add(b"small")) == b"small"
"""


def test_a_full_disk_keeps_nothing_of_the_blob(tmp_path: Path) -> None:
    need_root()
    need("unshare", package="util-linux")
    script = tmp_path / "fill.py"
    script.write_text(FILL)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount_and_run = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$1"'
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount_and_run, "sh", disk, sys.executable, script],
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("left", ["index.json", "oci-layout"])
def test_what_a_crash_took_is_made_again(tmp_path: Path, left: str) -> None:
    store = LocalStore(tmp_path / "content")
    (store.root / left).unlink()
    LocalStore(tmp_path / "content")
    assert (store.root / left).exists()
