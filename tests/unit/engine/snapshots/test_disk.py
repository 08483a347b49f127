import os
import shutil
import subprocess
from pathlib import Path

from dockerlab.engine.snapshots.disk import spread


def test_a_directory_is_called_the_top_of_a_hierarchy_where_that_means_something(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        spread(tmp_path)
    kind = subprocess.run(
        ["stat", "-fc", "%T", tmp_path], check=True, capture_output=True, text=True
    ).stdout
    if "ext2/ext3" in kind and shutil.which("lsattr"):
        listed = subprocess.run(
            ["lsattr", "-d", tmp_path], check=True, capture_output=True, text=True
        )
        assert "T" in listed.stdout.split()[0]


def test_a_file_system_without_such_a_hint_is_left_alone() -> None:
    spread(Path(f"/proc/{os.getpid()}"))
