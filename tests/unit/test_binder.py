"""What Binder builds from `binder/` is what the project needs."""

import re
import subprocess
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml

from scripts.lab import CONTENTS
from scripts.system_programs import wanted

BINDER = Path(__file__).resolve().parents[2] / "binder"
IN_THE_BASE_IMAGE = {"python3-venv", "util-linux"}
"""conda's Python makes environments by itself, and no Ubuntu is without util-linux."""


def _environment(path: Path) -> list[str]:
    packages = yaml.safe_load(path.read_text())["dependencies"]
    return [line for line in packages if isinstance(line, str)]


def _apt() -> set[str]:
    lines = (BINDER / "apt.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_conda_brings_what_the_top_level_names() -> None:
    top = _environment(BINDER.parent / "environment.yml")
    own = _environment(BINDER / "environment.yml")
    assert [line for line in own if not line.startswith("python ")] == [
        line for line in top if not line.startswith("python ")
    ]


def test_python_is_pinned_to_one_that_is_allowed() -> None:
    [pin] = [
        line for line in _environment(BINDER / "environment.yml") if line.startswith("python ")
    ]
    minor = re.fullmatch(r"python =3\.(\d+)", pin)
    assert minor is not None
    assert 11 <= int(minor[1]) < 14


def test_every_program_of_a_lesson_is_there() -> None:
    conda = {line.split()[0] for line in _environment(BINDER / "environment.yml")}
    needed = {program.package for program in wanted("lab", engine=None)} | {"proot"}
    assert needed <= _apt() | conda | IN_THE_BASE_IMAGE


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_run(name: str) -> None:
    script = BINDER / name
    assert script.stat().st_mode & 0o111 == 0o111
    assert script.read_text().startswith("#!/bin/bash\n")
    subprocess.run(["bash", "-n", script], check=True)


def test_a_failed_build_fails_and_a_session_goes_on() -> None:
    assert "\nset -euo pipefail\n" in (BINDER / "postBuild").read_text()
    assert (BINDER / "start").read_text().endswith('\nexec "$@"\n')


def test_both_scripts_mean_the_same_pack() -> None:
    paths = {
        path
        for name in ("postBuild", "start")
        for path in re.findall(r"=(\$HOME/\S+)", (BINDER / name).read_text())
    }
    assert len(paths) == 1


def test_a_lesson_opens_there_as_make_lab_opens_it() -> None:
    assert f'"contents_manager_class": "{CONTENTS}"' in (BINDER / "postBuild").read_text()
    assert resolve_name(CONTENTS).__name__ == CONTENTS.rpartition(".")[2]
