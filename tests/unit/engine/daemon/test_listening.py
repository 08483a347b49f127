"""Whoever listens keeps the socket; what was left by the killed is replaced."""

import socket
import stat
from pathlib import Path

import pytest

from dockerlab.engine.daemon.listening import InUse, listening


def test_a_socket_that_nobody_listens_on_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engine.sock"
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()
    assert path.is_socket()
    with listening([path]) as (chosen, _):
        assert chosen == path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "engine.sock", tmp_path / "engine-of-another.sock"
    with listening([first, second]) as (own, listener):
        assert own == first
        with listening([first, second]) as (other, _):
            assert other == second
        with pytest.raises(InUse, match="another engine of yours listens on"):
            listening([first]).__enter__()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(first))
            listener.accept()[0].close()


def test_one_that_listens_and_is_busy_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))
        with pytest.raises(InUse):
            listening([path]).__enter__()


def test_what_another_put_there_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with listening([path]):
        path.rename(tmp_path / "moved.sock")
        path.write_text("another's")
    assert path.read_text() == "another's"
