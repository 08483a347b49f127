"""Setting up says what is missing, and does not install behind anybody's back."""

import os
import platform
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.system_programs import confined, foreign_system, wanted

REPOSITORY = Path(__file__).resolve().parents[3]


def _run(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.system_programs", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def _bare_machine(folder: Path) -> dict[str, str]:
    """A PATH with apt-get, which only writes down how it was called, and nothing else."""
    apt = folder / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n')
    apt.chmod(stat.S_IRWXU)
    return {"PATH": str(folder), "HOME": str(folder)}


def test_an_engine_that_answers_spares_installing_one() -> None:
    with_engine = {program.name for program in wanted("lab", engine="unix:///run/docker.sock")}
    without = {program.name for program in wanted("lab", engine=None)}
    assert with_engine < without
    assert "crun or runc" in without - with_engine


def test_the_lessons_can_do_without_pictures_but_not_without_a_runtime() -> None:
    indispensable = {p.name for p in wanted("lab", engine=None) if p.indispensable}
    assert "crun or runc" in indispensable
    assert "dot" not in indispensable


@pytest.mark.parametrize(
    ("system", "words"), [("Darwin", "Docker Desktop"), ("Windows", "wsl --install")]
)
def test_another_system_is_told_what_to_install(
    system: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    sentence = foreign_system(engine=None)
    assert sentence is not None
    assert words in sentence
    assert foreign_system(engine="unix:///var/run/docker.sock") is None


def test_a_system_that_confines_user_namespaces_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "apparmor_restrict_unprivileged_userns"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert confined(engine=None, setting=setting) is None
    setting.write_text("0\n")
    assert confined(engine=None, setting=setting) is None
    setting.write_text("1\n")
    assert "podman" in (confined(engine=None, setting=setting) or "")
    assert confined(engine="unix:///run/docker.sock", setting=setting) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert confined(engine=None, setting=setting) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root is not asked")
def test_without_a_terminal_nothing_is_installed(tmp_path: Path) -> None:
    done = _run("lab", environment=_bare_machine(tmp_path))
    assert "sudo apt-get install" in done.stdout
    assert not (tmp_path / "calls").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs without asking")
def test_root_installs_and_says_so(tmp_path: Path) -> None:
    environment = _bare_machine(tmp_path)
    for program in ("env", "apt-cache"):
        (tmp_path / program).symlink_to("/usr/bin/env" if program == "env" else "/bin/true")
    done = _run("test", environment=environment)
    assert "Installing them now: apt-get install" in done.stdout
    assert "uidmap" in (tmp_path / "calls").read_text()


def test_what_is_missing_is_named_with_its_purpose(tmp_path: Path) -> None:
    done = _run("lab", environment={"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert "dot           draws the pictures of layers (package graphviz)" in done.stdout
    assert "package manager" in done.stdout
