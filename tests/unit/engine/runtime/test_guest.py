"""Commands and directories are looked up as the container would."""

from pathlib import Path

import pytest

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime.guest import Bind, Guest, NotHere


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "bin").symlink_to("usr/bin")
    program = root / "usr/bin/tool"
    program.touch(0o755)
    (root / "usr/bin/text").touch(0o644)
    (root / "tool").symlink_to("/bin/tool")
    (root / "climber").symlink_to("../../../../bin/tool")
    (root / "circle").symlink_to("/circle")
    return root


@pytest.mark.parametrize("name", ["tool", "/bin/tool", "/tool", "/climber", "usr/../bin/tool"])
def test_a_command_is_found(root: Path, name: str) -> None:
    found = Guest(root).command(name, environment={"PATH": "/sbin:/bin"}, cwd="/")
    assert found == "/usr/bin/tool"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch", 'exec: "nosuch": executable file not found in $PATH'),
        ("text", 'exec: "text": permission denied'),
        ("/bin", 'exec: "/bin": is a directory: permission denied'),
        ("/no/such", 'exec: "/no/such": stat /no/such: no such file or directory'),
    ],
)
def test_what_cannot_be_executed(root: Path, name: str, said: str) -> None:
    with pytest.raises(NotHere) as raised:
        Guest(root).command(name, environment={"PATH": "/bin"}, cwd="/")
    assert str(raised.value) == said


def test_links_in_a_circle_end(root: Path) -> None:
    with pytest.raises(SystemFailure, match="too many levels"):
        Guest(root).resolve("/circle")


def test_a_command_in_a_bound_directory(root: Path, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host/own").touch(0o755)
    guest = Guest(root, [Bind(str(tmp_path / "host"), "/usr/bin")])
    assert guest.command("own", environment={"PATH": "/bin"}, cwd="/") == "/usr/bin/own"
    assert guest.host("/usr/bin/own") == str(tmp_path / "host/own")
    assert guest.within_bind("/usr/bin/own")
    assert not guest.within_bind("/usr/bin")
    with pytest.raises(NotHere):
        guest.command("tool", environment={"PATH": "/bin"}, cwd="/")


def test_a_directory_that_is_not_there(root: Path) -> None:
    assert Guest(root).directory("/bin/../bin") == "/usr/bin"
    with pytest.raises(NotHere, match="chdir to cwd"):
        Guest(root).directory("/nowhere")
