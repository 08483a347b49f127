"""The score counts honestly, and survives what happens to files."""

import json
from pathlib import Path

import pytest

from dockerlab.exercises import Outcome, load_score
from dockerlab.exercises.report import as_csv, as_json, as_text, rows, summary

LESSON = "01-hello-world"


def test_it_survives_a_restart(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    score.hinted("named", 2)
    score.checked("named", Outcome.WRONG)
    score.checked("named", Outcome.PASSED)
    score.guessed("second", "pull")
    score.revealed("second", "pull", right=True)
    again = load_score(LESSON, folder=tmp_path)
    assert again.tries == score.tries
    assert again.guesses == score.guesses
    assert (again.tries["named"].checks, again.tries["named"].hints) == (2, 2)


def test_not_attempted_counts_nothing(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    score.checked("named", Outcome.NOT_ATTEMPTED)
    assert score.tries["named"].checks == 0
    assert not score.path.exists()


def test_a_pass_stays_and_what_comes_after_it_costs_nothing(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    score.checked("named", Outcome.PASSED)
    score.checked("named", Outcome.WRONG)
    score.hinted("named", 3)
    score.solved("named")
    tries = score.tries["named"]
    assert (tries.outcome, tries.checks, tries.hints) == (Outcome.PASSED, 1, 0)
    assert not tries.solution_shown


def test_a_solution_shown_is_said(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    score.solved("named")
    score.checked("named", Outcome.PASSED)
    assert any("solution" in line for line in summary(LESSON, score))


def test_a_hint_seen_twice_is_one(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    for count in (1, 2, 1):
        score.hinted("named", count)
    assert score.tries["named"].hints == 2


def test_the_first_guess_counts(tmp_path: Path) -> None:
    score = load_score(LESSON, folder=tmp_path)
    score.guessed("second", "nothing")
    score.revealed("second", "nothing", right=False)
    score.guessed("second", "pull")
    score.revealed("second", "pull", right=True)
    assert score.guesses["second"].answer == "nothing"
    assert score.guesses["second"].right is False


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"exercises": 3, "predictions": {}}',
        '{"exercises": {"named": {"outcome": "great"}}, "predictions": {}}',
        '{"exercises": {"named": []}, "predictions": {}}',
        "\x00\xff",
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: str) -> None:
    path = tmp_path / "scores" / f"{LESSON}.json"
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))
    score = load_score(LESSON, folder=tmp_path)
    assert (score.tries, score.guesses) == ({}, {})
    assert path.with_suffix(".damaged").read_bytes() == content.encode("latin-1")
    score.checked("named", Outcome.PASSED)
    assert load_score(LESSON, folder=tmp_path).tries == score.tries


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "scores").write_text("a file where the folder should be")
    score = load_score(LESSON, folder=tmp_path)
    score.checked("named", Outcome.PASSED)
    assert score.unwritten
    assert score.unwritten in summary(LESSON, score)[-1]


def test_a_lesson_without_exercises_has_no_score(tmp_path: Path) -> None:
    assert summary("test", load_score("test", folder=tmp_path)) == ()


def test_teachers_get_every_exercise_attempted_or_not(tmp_path: Path) -> None:
    load_score(LESSON, folder=tmp_path).checked("named", Outcome.PASSED)
    table = rows(folder=tmp_path, learner="mei")
    written = json.loads(as_json(table))
    mine = {row["name"]: row for row in written if row["lesson"] == LESSON}
    assert mine["named"]["result"] == "passed"
    assert mine["again"]["result"] == "not attempted"
    assert {row["learner"] for row in written} == {"mei"}
    assert as_csv(table).count("\r\n") == len(table) + 1
    assert f"{LESSON} " in as_text(table)
