"""Links inside a root that is another's."""

from errno import ELOOP
from pathlib import Path

import pytest

from dockerlab.engine.symlinks import MAX_LINKS, resolve


def test_links_mean_what_they_mean_inside(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("/usr/bin")
    (tmp_path / "usr/up").symlink_to("../../../usr")

    def inside(path: str, **options: str) -> str:
        return resolve(path, host=lambda place: f"{tmp_path}{place}", **options)

    assert inside("/bin/sh") == "/usr/bin/sh"
    assert inside("/usr/up/up/bin/../x") == "/usr/x"
    assert inside("sh", cwd="/bin") == "/usr/bin/sh"
    assert inside("../../..") == "/"


def test_as_many_links_as_linux_follows(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    for number in range(MAX_LINKS + 1):
        (tmp_path / f"{number + 1}").symlink_to(f"{number}")
    assert resolve(f"/{MAX_LINKS}", host=lambda place: f"{tmp_path}{place}") == "/0"
    with pytest.raises(OSError, match="too many levels of symbolic links") as raised:
        resolve(f"/{MAX_LINKS + 1}", host=lambda place: f"{tmp_path}{place}")
    assert raised.value.errno == ELOOP
