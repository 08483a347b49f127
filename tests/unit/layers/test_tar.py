"""Headers are read as `tarfile` and GNU tar write them."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from dockerlab.layers.entry import Entry
from dockerlab.layers.scan import scan_layer
from tests.unit.layers.tarballs import Member, digest, layer


def entries(data: bytes) -> tuple[Entry, ...]:
    with io.BytesIO(data) as file:
        found = scan_layer(file.read)
    assert found.diff_id == digest(data)
    return found.entries


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format(format: int) -> None:
    members = (
        Member("etc/", mode=0o755),
        Member("etc/file", b"data", mode=0o4711, uid=70, gid=1000),
        Member("deep/" * 25 + "n" * 90, b"x"),
        Member("link", link="t" * 90),
        Member("hard", link="etc/file", hard=True),
        Member("pipe", type=b"6"),
    )
    found = entries(layer(*members, format=format))
    assert [entry.path for entry in found] == [m.name.rstrip("/").encode() for m in members]
    assert [entry.type for entry in found] == list("500216")
    assert (found[1].mode, found[1].uid, found[1].gid, found[1].size) == (0o4711, 70, 1000, 4)
    assert found[3].target == b"t" * 90


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_numbers_and_names_beyond_the_header(format: int) -> None:
    (entry,) = entries(layer(Member("n" * 300, b"x", uid=3_000_000, gid=1 << 31), format=format))
    assert (entry.path, entry.uid, entry.gid) == (b"n" * 300, 3_000_000, 1 << 31)


def test_names_need_not_be_text() -> None:
    (entry,) = entries(layer(Member("a\udcff"), format=tarfile.GNU_FORMAT))
    assert entry.path == b"a\xff"


@pytest.mark.parametrize("format", ["gnu", "posix"])
def test_files_with_holes_have_their_true_size(format: str, tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        for number in range(30):
            file.seek(number << 20)
            file.write(b"data")
        file.truncate(40 << 20)
    command = ["tar", "-C", str(tmp_path), "-S", f"--format={format}", "-cf", "-", "holes"]
    (entry,) = entries(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (entry.path, entry.size) == (b"holes", 40 << 20)


def test_equal_content_has_an_equal_digest() -> None:
    a, b, c = entries(layer(Member("a", b"1" * 5000), Member("b", b"1" * 5000), Member("c", b"2")))
    assert a.digest == b.digest != c.digest


def test_data_after_the_end_belongs_to_the_digest_only() -> None:
    assert len(entries(layer(Member("a")) + b"\0" * 20_000 + b"rest")) == 1
