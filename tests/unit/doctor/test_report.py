"""The doctor's report, for people and for programs."""

import json

import pytest

from dockerlab.connection import Source
from dockerlab.connection.registry import RegistryAnswer
from dockerlab.doctor import Report, as_json, as_text
from dockerlab.doctor.examination import Place, Program

SICK = Report(
    places=(Place(Source.DEFAULT, "unix:///x", taken=False, outcome="there is no socket."),),
    engine=None,
    registries=(RegistryAnswer("https://r.example", answers=False, reason="refused"),),
    standins=True,
    programs=(Program("docker", ""), Program("crun", "/usr/bin/crun")),
    needs=("Something is missing.",),
    advice=("Do this.",),
)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")


def test_the_verdict_comes_last() -> None:
    lines = as_text(SICK).splitlines()
    assert lines[-2:] == ["No lesson can run here yet:", "  - Something is missing."]
    assert "  · Docker's default socket (unix:///x): not taken: there is no socket." in lines
    assert "  - Do this." in lines


def test_json_has_all_of_it() -> None:
    document = json.loads(as_json(SICK))
    assert document["ready"] is False
    assert document["registries"] == [
        {"url": "https://r.example", "answers": False, "reason": "refused"}
    ]
    assert document["programs"][1] == {"name": "crun", "path": "/usr/bin/crun"}


def test_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "zh")
    assert "这里还不能上课：" in as_text(SICK)
