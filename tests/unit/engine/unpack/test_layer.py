"""What a layer says is what the directory becomes."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from dockerlab.engine.errors import DataLoss, Forbidden, SystemFailure
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import Applied, Ownership, apply
from tests.unit.engine.unpack.tars import (
    CHARACTER,
    DIRECTORY,
    FIFO,
    LINK,
    SYMLINK,
    archive,
    honest,
    member,
    stream,
)
from tests.unit.engine.unpack.trees import describe, shapes

FORMATS = [WhiteoutFormat.OVERLAY_USER, WhiteoutFormat.REMOVE]
OPAQUE = "user.overlay.opaque"


def unpack(
    root: Path, *members: bytes, whiteouts: WhiteoutFormat = WhiteoutFormat.OVERLAY_USER
) -> Applied:
    return apply(stream(*members), root, whiteouts=whiteouts)


def test_the_diff_id_covers_all_bytes_with_what_follows_the_tar(tmp_path: Path) -> None:
    layer = archive(member(b"a", data=b"1")) + bytes(10240) + b"and even this"
    applied = apply(io.BytesIO(layer), tmp_path, whiteouts=WhiteoutFormat.REMOVE)
    assert applied.diff_id == "sha256:" + hashlib.sha256(layer).hexdigest()
    assert applied.tar_size == len(layer)


@pytest.mark.parametrize(
    "compress",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zstandard.ZstdCompressor().compress,
        lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]),
        lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]),
    ],
    ids=["gzip", "bzip2", "xz", "zstd", "gzip members, as eStargz", "zstd frames"],
)
def test_compression_is_found_out(compress: object, tmp_path: Path) -> None:
    layer = honest(a="x" * 3_000_000, b="2")
    assert callable(compress)
    applied = apply(io.BytesIO(compress(layer)), tmp_path, whiteouts=WhiteoutFormat.REMOVE)
    assert applied.diff_id == "sha256:" + hashlib.sha256(layer).hexdigest()
    assert (tmp_path / "a").stat().st_size == 3_000_000


def test_another_diff_id_than_promised_is_an_error(tmp_path: Path) -> None:
    promised = DiffID("sha256:" + "0" * 64)
    with pytest.raises(DataLoss, match=f"invalid diffID for layer: expected '{promised}', got"):
        apply(stream(), tmp_path, whiteouts=WhiteoutFormat.REMOVE, expected=promised)


def test_the_limit_counts_uncompressed_bytes(tmp_path: Path) -> None:
    layer = gzip.compress(honest(a="x" * 100_000))
    with pytest.raises(Forbidden, match="more than the 50000 bytes that are allowed"):
        apply(io.BytesIO(layer), tmp_path, whiteouts=WhiteoutFormat.REMOVE, limit=50_000)


def test_an_empty_layer(tmp_path: Path) -> None:
    assert unpack(tmp_path).entries == 0
    assert apply(io.BytesIO(b""), tmp_path, whiteouts=WhiteoutFormat.REMOVE).entries == 0


@pytest.mark.parametrize("option", ["pax", "gnu", "ustar", "oldgnu"])
def test_what_gnu_tar_writes(option: str, tmp_path: Path) -> None:
    """Modes, times, links, long and odd names, holes: as GNU tar unpacks them itself."""
    source = tmp_path / "source"
    _fill(source)
    options = [f"--format={option}", "--hard-dereference"] if option == "ustar" else []
    if option == "pax":
        options = ["--format=pax", "--xattrs", "--xattrs-include=*"]
    if option != "ustar":
        options += ["--sparse", f"--format={option}"]
    packed = subprocess.run(
        ["tar", *options, "-C", source, "-c", "."], stdout=subprocess.PIPE, check=True
    ).stdout
    expected, got = tmp_path / "expected", tmp_path / "got"
    expected.mkdir()
    got.mkdir()
    restore = ["--xattrs", "--xattrs-include=*"] if option == "pax" else []
    subprocess.run(["tar", *restore, "-C", expected, "-xp"], input=packed, check=True)
    applied = apply(io.BytesIO(packed), got, whiteouts=WhiteoutFormat.OVERLAY_USER)
    assert describe(got) == describe(expected)
    assert applied.size == trees.usage(got).size
    if option != "ustar":
        assert (got / "holes").stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
def test_every_way_to_write_holes(version: str, tmp_path: Path) -> None:
    source, got = tmp_path / "source", tmp_path / "got"
    source.mkdir()
    got.mkdir()
    with (source / "holes").open("wb") as file:
        for number in range(40):
            file.seek(number * 100_000)
            file.write(b"%d" % number * 5000)
        file.truncate(5_000_001)
    options = ["--format=pax", f"--sparse-version={version}", "--sparse"]
    command = ["tar", *options, "-C", str(source), "-c", "."]
    packed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    assert len(packed) < 1_000_000
    apply(io.BytesIO(packed), got, whiteouts=WhiteoutFormat.REMOVE)
    assert (got / "holes").read_bytes() == (source / "holes").read_bytes()


def _fill(directory: Path) -> None:
    (directory / "d/inner").mkdir(parents=True)
    (directory / "d/file").write_bytes(b"text" * 1000)
    (directory / "d/inner/again").hardlink_to(directory / "d/file")
    (directory / "link").symlink_to("d/file")
    (directory / "su").write_bytes(b"")
    (directory / "su").chmod(0o4755)
    (directory / "d").chmod(0o2700)
    (directory / "holes").write_bytes(b"start")
    os.truncate(directory / "holes", 50_000_000)
    long = directory / ("l" * 90)
    long.mkdir()
    (long / ("m" * 90)).write_bytes(b"long")
    with open(os.path.join(os.fsencode(directory), b"latin-\xe9"), "wb"):  # noqa: PTH118, PTH123
        pass
    os.mkfifo(directory / "fifo")
    (directory / "empty dir").mkdir()
    os.setxattr(directory / "d/file", "user.colour", b"bl\0ue")
    for path in directory.rglob("*"):
        os.utime(path, ns=(1_600_000_000_000_000_000,) * 2, follow_symlinks=False)


def test_times_have_nanoseconds(tmp_path: Path) -> None:
    unpack(tmp_path, member(b"x", pax={b"mtime": b"1700000000.123456789"}))
    assert (tmp_path / "x").stat().st_mtime_ns == 1_700_000_000_123_456_789


def test_a_directory_keeps_its_time_and_mode_whatever_is_made_in_it(tmp_path: Path) -> None:
    unpack(tmp_path, member(b"d/", DIRECTORY, mode=0o555, mtime=1000), member(b"d/x"))
    status = (tmp_path / "d").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_mtime) == (0o555, 1000)


def test_the_last_entry_of_a_name_counts(tmp_path: Path) -> None:
    applied = unpack(
        tmp_path,
        member(b"x", data=b"first and longer"),
        member(b"x", data=b"last"),
        member(b"d/f", data=b"file"),
        member(b"d", data=b"now a file"),
        member(b"f", data=b"file"),
        member(b"f/", DIRECTORY),
        member(b"f/g", data=b"below"),
        member(b"s", SYMLINK, target=b"x"),
        member(b"s", data=b"no link"),
    )
    assert shapes(tmp_path) == {
        "x": "last",
        "d": "now a file",
        "f": "/",
        "f/g": "below",
        "s": "no link",
    }
    assert applied.size == trees.usage(tmp_path).size


def test_odd_spellings_of_a_name_are_one_name(tmp_path: Path) -> None:
    unpack(tmp_path, member(b"./d/../e//x", data=b"1"), member(b"/e/./x", data=b"2"))
    assert shapes(tmp_path) == {"e": "/", "e/x": "2"}


def test_parents_that_are_links_are_followed_inside(tmp_path: Path) -> None:
    unpack(
        tmp_path,
        member(b"usr/lib/", DIRECTORY),
        member(b"lib", SYMLINK, target=b"/usr/lib"),
        member(b"usr/up", SYMLINK, target=b"../usr/../../usr/lib"),
        member(b"lib/a", data=b"a"),
        member(b"usr/up/b", data=b"b"),
        member(b"lib/.wh.c"),
    )
    assert shapes(tmp_path)["usr/lib/a"] == "a"
    assert shapes(tmp_path)["usr/lib/b"] == "b"
    assert shapes(tmp_path)["usr/lib/c"] == "whiteout"


def test_whiteouts_for_overlayfs(tmp_path: Path) -> None:
    unpack(tmp_path, member(b"d/.wh.gone"), member(b"e/", DIRECTORY), member(b"e/.wh..wh..opq"))
    assert shapes(tmp_path) == {"d": "/", "d/gone": "whiteout", "e": "/"}
    assert os.getxattr(tmp_path / "e", OPAQUE) == b"y"
    assert OPAQUE not in os.listxattr(tmp_path / "d")


def test_whiteouts_that_remove(tmp_path: Path) -> None:
    unpack(tmp_path, member(b"d/gone/x"), member(b"d/stays"), member(b"e/x"), member(b"e/y/z"))
    unpack(
        tmp_path,
        member(b"d/.wh.gone"),
        member(b"d/.wh.never-there"),
        member(b"e/.wh..wh..opq"),
        whiteouts=WhiteoutFormat.REMOVE,
    )
    assert shapes(tmp_path) == {"d": "/", "d/stays": "", "e": "/"}


@pytest.mark.parametrize("whiteout_first", [True, False])
@pytest.mark.parametrize("whiteouts", FORMATS)
def test_a_whiteout_hides_nothing_of_its_own_layer(
    whiteouts: WhiteoutFormat, whiteout_first: bool, tmp_path: Path
) -> None:
    """OCI layer.md: files of the same layer can be hidden by a later layer's whiteouts only."""
    if whiteouts is WhiteoutFormat.REMOVE:
        unpack(tmp_path, member(b"d/old"), member(b"f", data=b"old"), member(b"o/old/x"))
    hiding = [member(b".wh.d"), member(b".wh.f"), member(b"o/.wh..wh..opq")]
    new = [member(b"d/new"), member(b"f", data=b"new"), member(b"o/new/x")]
    unpack(
        tmp_path,
        *(hiding + new if whiteout_first else new + hiding),
        whiteouts=whiteouts,
    )
    expected = {"d": "/", "d/new": "", "f": "new", "o": "/", "o/new": "/", "o/new/x": ""}
    assert shapes(tmp_path) == expected
    if whiteouts is not WhiteoutFormat.REMOVE:
        assert os.getxattr(tmp_path / "d", OPAQUE) == b"y"


def test_aufs_bookkeeping_is_passed_over(tmp_path: Path) -> None:
    unpack(tmp_path, member(b".wh..wh.aufs"), member(b".wh..wh.plnk/x"), member(b"a"))
    assert shapes(tmp_path) == {"a": ""}


def test_a_hard_link_into_a_layer_below_is_copied_up(tmp_path: Path) -> None:
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    lower.mkdir()
    upper.mkdir()
    unpack(lower, member(b"d/", DIRECTORY, mode=0o710), member(b"d/x", data=b"below", mode=0o600))
    apply(
        stream(member(b"y", LINK, target=b"d/x", mode=0o640)),
        upper,
        whiteouts=WhiteoutFormat.OVERLAY_USER,
        below=[lower],
    )
    assert shapes(upper) == {"d": "/", "d/x": "below", "y": "below"}
    assert (upper / "y").stat().st_ino == (upper / "d/x").stat().st_ino
    assert stat.S_IMODE((upper / "d").stat().st_mode) == 0o710
    assert stat.S_IMODE((lower / "d/x").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "between", [member(b".wh.d"), member(b"d/.wh.x"), member(b"d/.wh..wh..opq"), member(b"d")]
)
def test_a_hard_link_to_what_is_hidden_below(between: bytes, tmp_path: Path) -> None:
    lowest, lower, upper = (tmp_path / name for name in ("lowest", "lower", "upper"))
    for directory in (lowest, lower, upper):
        directory.mkdir()
    unpack(lowest, member(b"d/x", data=b"below"))
    unpack(lower, between)
    with pytest.raises(DataLoss, match="there is no such file to link to"):
        apply(
            stream(member(b"y", LINK, target=b"d/x")),
            upper,
            whiteouts=WhiteoutFormat.OVERLAY_USER,
            below=[lower, lowest],
        )


def test_a_link_to_a_shared_file_leaves_the_parent_snapshot_alone(tmp_path: Path) -> None:
    parent, child = tmp_path / "parent", tmp_path / "child"
    for directory in (parent, child):
        directory.mkdir()
    unpack(parent, member(b"x", data=b"shared", mode=0o600))
    before = describe(parent)
    (child / "x").hardlink_to(parent / "x")
    unpack(
        child,
        member(b"y", LINK, target=b"x", mode=0o777, mtime=5),
        whiteouts=WhiteoutFormat.REMOVE,
    )
    assert (child / "x").stat().st_ino == (child / "y").stat().st_ino
    assert describe(parent) == before


def test_a_write_that_fails_is_a_sentence(tmp_path: Path) -> None:
    script = """if True:
        import resource, signal, sys, io
        from pathlib import Path
        from dockerlab.engine.errors import SystemFailure
        from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
        from dockerlab.engine.unpack import apply
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            apply(sys.stdin.buffer, Path(sys.argv[1]), whiteouts=WhiteoutFormat.REMOVE)
        except SystemFailure as error:
            print(error)
    """
    ran = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        input=archive(member(b"big", data=bytes(100_000))),
        capture_output=True,
        check=True,
    )
    assert ran.stdout == b"could not unpack 'big': file too large\n"


def test_an_unreadable_stream(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error", size)

    with pytest.raises(SystemFailure, match="input/output error"):
        apply(Broken(), tmp_path, whiteouts=WhiteoutFormat.REMOVE)


SINGLE = Ownership(users=(range(1),), groups=(range(1),))
RANGES = Ownership(users=(range(1), range(1, 65536)), groups=(range(1), range(1, 65536)))
NOBODY = Ownership(users=(range(1),), groups=(range(1),), privileged=False)


@pytest.mark.parametrize(
    ("ownership", "owner", "expected"),
    [
        (SINGLE, (0, 0), (0, 0)),
        (SINGLE, (33, 12), (0, 0)),
        (RANGES, (33, 65535), (33, 65535)),
        (RANGES, (33, 65536), (33, 0)),
        (NOBODY, (33, 12), (-1, -1)),
    ],
)
def test_whose_a_file_may_be(
    ownership: Ownership, owner: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert ownership.owner(*owner) == expected


def test_an_unprivileged_user_keeps_access(tmp_path: Path) -> None:
    apply(
        stream(
            member(b"d/", DIRECTORY, mode=0),
            member(b"d/shadow", data=b"x", mode=0, owner=(0, 42)),
            member(b"d/fifo", FIFO, mode=0),
            member(b"d/null", CHARACTER, device=(1, 3)),
        ),
        tmp_path,
        whiteouts=WhiteoutFormat.REMOVE,
        ownership=NOBODY,
    )
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "d/shadow").stat().st_mode) == 0o600
    assert (tmp_path / "d/shadow").stat().st_uid == os.geteuid()
