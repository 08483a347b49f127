import os
from pathlib import Path

import pytest

from dockerlab.engine.daemon.place import default_root, default_socket, prepare_socket, socket_for
from dockerlab.engine.errors import InvalidParameter


def test_defaults_follow_the_xdg_directories(tmp_path: Path) -> None:
    assert default_root({"XDG_DATA_HOME": "/data"}) == Path("/data/dockerlab/engine")
    assert default_root({}).parts[-4:] == (".local", "share", "dockerlab", "engine")
    assert default_socket({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "dockerlab/engine.sock"
    assert default_socket({}) == Path(f"/tmp/dockerlab-{os.getuid()}/engine.sock")


def test_another_root_has_a_socket_of_its_own(tmp_path: Path) -> None:
    assert socket_for(tmp_path, None) == tmp_path / "engine.sock"
    assert socket_for(tmp_path, Path("/x/y")) == Path("/x/y")


def test_a_socket_that_nobody_listens_on_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engine.sock"
    prepare_socket(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(InvalidParameter, match="107 bytes"):
        prepare_socket(tmp_path / ("x" * 108))
