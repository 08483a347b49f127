"""`dockerlab score`: for the learner, and for a teacher who puts many together."""

import csv
import io
import json
from pathlib import Path

import pytest

from dockerlab.cli import main
from dockerlab.exercises import Outcome, load_score


@pytest.fixture(autouse=True)
def one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    monkeypatch.setenv("JUPYTERHUB_USER", "mei")
    score = load_score("01-hello-world")
    score.hinted("named", 1)
    score.checked("named", Outcome.PASSED)


def test_a_line_for_each_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score"]) == 0
    lines = capsys.readouterr().out.splitlines()
    mine = next(line for line in lines if line.startswith("01-hello-world"))
    assert "exercises passed: 1 of 4 (with help: 1)" in mine


def test_json_and_csv_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    main(["score", "--json"])
    rows = json.loads(capsys.readouterr().out)
    main(["score", "--csv"])
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == [row["name"] for row in table]
    named = next(
        row for row in table if (row["lesson"], row["name"]) == ("01-hello-world", "named")
    )
    assert (named["learner"], named["result"], named["hints"]) == ("mei", "passed", "1")


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    assert main(["score", "--csv", "-o", str(path)]) == 0
    assert path.read_bytes().startswith(b"learner,lesson,kind,name,result,")


def test_a_file_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "-o", str(tmp_path / "no" / "folder.txt")]) == 1
    assert "cannot be written" in capsys.readouterr().err
