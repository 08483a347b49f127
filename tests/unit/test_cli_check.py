"""``dockerlab engine check`` says what it found, and its exit code tells a script."""

import json
from pathlib import Path

import pytest

from dockerlab.cli import main
from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.metadata.database import Database


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "engine"
    root.mkdir(mode=0o700)
    Database(root / "metadata.db").close()
    (root / "metadata.db").chmod(0o600)
    LocalStore(root / "content")
    (root / "snapshots").mkdir(mode=0o700)
    return root


def check(root: Path, *options: str) -> int:
    return main(["engine", "check", "--root", str(root), *options])


def test_nothing_wrong(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(root) == 0
    assert "All is whole" in capsys.readouterr().out


def test_something_left_over_is_found_and_swept(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "content/ingest/half").write_text("half")
    assert check(root, "--json") == 3
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    (found,) = report["findings"]
    assert found == {"kind": "unreferenced", "subject": "ingest/half", "detail": "", "swept": True}
    assert check(root, "--repair") == 0
    assert not (root / "content/ingest/half").exists()


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "is needed by nobody"), ("zh", "没有人需要")]
)
def test_it_speaks_the_readers_language(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    sentence: str,
) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", language)
    (root / "content/ingest/half").write_text("half")
    assert check(root) == 3
    assert f"ingest/half {sentence}" in capsys.readouterr().out


def test_where_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path) == 1
    assert "no engine has kept anything" in capsys.readouterr().err
