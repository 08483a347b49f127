import os
from pathlib import Path

import pytest

from dockerlab.engine.daemon.place import default_root, default_socket, prepare_socket, sockets_for
from dockerlab.engine.errors import InvalidParameter


def test_defaults_follow_the_xdg_directories(tmp_path: Path) -> None:
    assert default_root({"XDG_DATA_HOME": "/data"}) == Path("/data/dockerlab/engine")
    assert default_root({}).parts[-4:] == (".local", "share", "dockerlab", "engine")
    assert default_socket({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "dockerlab/engine.sock"
    assert default_socket({}) == Path(f"/tmp/dockerlab-{os.getuid()}/engine.sock")


def test_another_root_has_a_socket_of_its_own(tmp_path: Path) -> None:
    assert sockets_for(tmp_path, None) == (tmp_path / "engine.sock",)
    assert sockets_for(tmp_path, Path("/x/y")) == (Path("/x/y"),)


def test_the_default_root_has_a_second_choice(tmp_path: Path) -> None:
    environments = [
        {"XDG_DATA_HOME": f"/{name}", "XDG_RUNTIME_DIR": str(tmp_path)} for name in "ab"
    ]
    choices = [sockets_for(default_root(each), None, each) for each in environments]
    assert choices[0][0] == choices[1][0] == tmp_path / "dockerlab/engine.sock"
    assert choices[0][1] != choices[1][1]


def test_the_directory_of_a_socket_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engine.sock"
    prepare_socket(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(InvalidParameter, match="107 bytes"):
        prepare_socket(tmp_path / ("x" * 108))
