"""No hostile layer changes anything outside the directory that it is unpacked into."""

import io
import os
from pathlib import Path

import pytest

from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import apply
from tests.unit.engine.unpack.hostile import CORPUS, LIMIT, Hostile


def everything(directory: Path) -> dict[str, object]:
    """All that can be seen of a tree."""
    seen: dict[str, object] = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        times = (status.st_mtime_ns, status.st_ctime_ns)
        seen[str(path)] = (status.st_mode, status.st_uid, status.st_nlink, times, content)
    return seen


@pytest.mark.parametrize("whiteouts", [WhiteoutFormat.OVERLAY_USER, WhiteoutFormat.REMOVE])
@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_nothing_outside_changes(
    hostile: Hostile, whiteouts: WhiteoutFormat, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("unchanged")
    root = tmp_path / "root"
    root.mkdir()
    above = set(tmp_path.parent.iterdir())
    before = everything(outside)
    layer = io.BytesIO(hostile.layer(os.fsencode(outside)))
    if hostile.error is None:
        apply(layer, root, whiteouts=whiteouts, limit=LIMIT)
    else:
        with pytest.raises(hostile.error):
            apply(layer, root, whiteouts=whiteouts, limit=LIMIT)
    assert everything(outside) == before
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "root"}
    assert set(tmp_path.parent.iterdir()) == above
    trees.remove(root)


def test_files_are_kept_inside_where_a_link_points_out(tmp_path: Path) -> None:
    """A link to ``/outside`` means ``/outside`` of the root, as it will in the container."""
    by_name = {hostile.name: hostile for hostile in CORPUS}
    layer = by_name["a parent linked absolutely"].layer(b"/outside")
    apply(io.BytesIO(layer), tmp_path, whiteouts=WhiteoutFormat.REMOVE)
    assert (tmp_path / "outside/evil").read_text() == "evil"
