"""Whatever a layer holds: it is unpacked or refused, and both formats then show the same."""

import io
import os
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dockerlab.engine.errors import EngineError
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import apply
from tests.unit.engine.unpack.tars import DIRECTORY, FIFO, FILE, LINK, SYMLINK, archive, member
from tests.unit.engine.unpack.trees import shapes

NAMES = [b"a", b"b", b"c", b".wh.a", b".wh.b", b".wh..wh..opq"]
ODD = [b"", b".", b"..", b"/", b"\xff", b".wh.", b".wh...", b".wh..wh.x", b"a" * 300, b"a\0"]


def names(parts: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(parts), min_size=1, max_size=4).map(b"/".join)


def members(parts: list[bytes], kinds: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(
        member,
        names(parts),
        st.sampled_from(kinds),
        data=st.binary(max_size=3),
        target=names([part for part in parts if not part.startswith(b".wh.")]),
        mode=st.sampled_from([0o644, 0o4755, 0]),
    )


ANYTHING = st.lists(members(NAMES + ODD, [FILE, LINK, SYMLINK, DIRECTORY, FIFO]), max_size=8)
PLAIN = st.lists(members(NAMES, [FILE, DIRECTORY]), max_size=8)


@given(layer=ANYTHING, whiteouts=st.sampled_from(WhiteoutFormat))
@settings(max_examples=150, deadline=None)
def test_nothing_leaves_the_root(layer: list[bytes], whiteouts: WhiteoutFormat) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "one/two/root")
        root.mkdir(parents=True)
        _attempt(archive(*layer), root, whiteouts)
        seen = [path for path in Path(place).rglob("*") if root not in path.parents]
        assert sorted(path.name for path in seen) == ["one", "root", "two"]
        trees.remove(root)


@given(data=st.binary(max_size=2048), cut=st.integers(0, 3000))
@settings(max_examples=100, deadline=None)
def test_rubbish_is_refused_or_unpacked(data: bytes, cut: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        _attempt(data, Path(root), WhiteoutFormat.REMOVE)
        _attempt((member(b"a", data=b"x" * 900) + data)[:cut], Path(root), WhiteoutFormat.REMOVE)


@given(lower=PLAIN, upper=PLAIN)
@example(lower=[member(b"a", FILE)], upper=[member(b"a/a", FILE)])
@example(lower=[member(b"b/a", FILE)], upper=[member(b"b/.wh.a"), member(b".wh.b")])
@example(lower=[member(b"b/a", FILE)], upper=[member(b"b/.wh.a"), member(b".wh..wh..opq")])
@example(lower=[member(b"b/a", FILE)], upper=[member(b".wh..wh..opq"), member(b"b/.wh.a")])
@example(lower=[member(b"b/c/a", FILE)], upper=[member(b".wh.b"), member(b"b/c/.wh.a")])
@settings(max_examples=150, deadline=None)
def test_overlay_and_copy_show_the_same(lower: list[bytes], upper: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        directories = [Path(place, name) for name in ("lower", "upper", "copy")]
        for directory in directories:
            directory.mkdir()
        below, above, copy = directories
        format_ = WhiteoutFormat.OVERLAY_USER
        unpacked = _attempt(archive(*lower), below, format_)
        assert _attempt(archive(*lower), copy, WhiteoutFormat.REMOVE) == unpacked
        if not unpacked:
            return
        unpacked = _attempt(archive(*upper), above, format_, below=[below])
        assert _attempt(archive(*upper), copy, WhiteoutFormat.REMOVE) == unpacked
        if unpacked:
            assert _merged(above, below) == shapes(copy)


def _attempt(
    layer: bytes, root: Path, whiteouts: WhiteoutFormat, *, below: list[Path] | None = None
) -> bool:
    try:
        apply(io.BytesIO(layer), root, whiteouts=whiteouts, below=below or [], limit=1 << 20)
    except EngineError:
        return False
    return True


def _merged(upper: Path, lower: Path) -> dict[str, str]:
    """What overlayfs shows of two directories (Documentation/filesystems/overlayfs.rst)."""
    above, below = shapes(upper), shapes(lower)
    hiding = {name for name, shape in above.items() if shape != "/" or _is_opaque(upper / name)}
    if _is_opaque(upper):
        below = {}
    for name in below:
        parents = [str(parent) for parent in Path(name).parents]
        if below[name] != "whiteout" and name not in above and not hiding & set(parents):
            above[name] = below[name]
    return {name: shape for name, shape in sorted(above.items()) if shape != "whiteout"}


def _is_opaque(directory: Path) -> bool:
    return "user.overlay.opaque" in os.listxattr(directory, follow_symlinks=False)
