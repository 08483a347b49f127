"""hadolint is found beside Python, and what it says is read."""

import os
import sys
from pathlib import Path

import pytest

from dockerlab.linting import Finding, LinterMissing, find_programs, lint


def test_findings_come_line_by_line() -> None:
    found = lint("FROM nginx\nMAINTAINER me\n")
    assert [(each.line, each.code, each.level) for each in found] == [
        (1, "DL3006", "warning"),
        (2, "DL4000", "error"),
    ]
    assert isinstance(found[0], Finding)
    assert found[0].message


def test_nothing_to_say_is_an_empty_answer() -> None:
    assert lint('FROM nginx:1.29\nCMD ["nginx"]\n') == ()


def test_what_is_no_dockerfile_is_a_finding_too() -> None:
    assert lint("make me a sandwich\n")[0].level == "error"


def test_a_shell_finds_programs_beside_python() -> None:
    environ = {"PATH": "/usr/bin"}
    find_programs(environ)
    find_programs(environ)
    assert environ["PATH"].split(os.pathsep) == ["/usr/bin", str(Path(sys.executable).parent)]


def test_without_hadolint_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(LinterMissing):
        lint("FROM nginx\n", path=str(tmp_path))
