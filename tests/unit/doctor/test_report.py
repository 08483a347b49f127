"""The doctor's report, for people and for programs."""

import json
from dataclasses import replace

import pytest

from dockerlab.connection import NO_RUNTIME, EngineFacts, EngineKind, Source
from dockerlab.connection.registry import RegistryAnswer
from dockerlab.doctor import Report, as_json, as_text, network_as_text
from dockerlab.doctor.examination import NamedPack, Place, Program

SICK = Report(
    places=(Place(Source.DEFAULT, "unix:///x", taken=False, outcome="there is no socket."),),
    engine=None,
    registries=(RegistryAnswer("https://r.example", answers=False, reason="refused"),),
    packs=(),
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
        {"url": "https://r.example", "answers": False, "reason": "refused", "seconds": 0.0}
    ]
    assert document["programs"][1] == {"name": "crun", "path": "/usr/bin/crun"}


ENGINE = EngineFacts(
    EngineKind.EMBEDDED, "0.1.0", "1.51", NO_RUNTIME, "copy", True, "linux/amd64", "id"
)


def test_an_engine_that_runs_nothing_still_gives_half_a_lesson() -> None:
    lines = as_text(replace(SICK, engine=ENGINE, needs=())).splitlines()
    assert lines[-1].startswith("A lesson can run here as far as it is about images")


def test_the_network_is_told_in_the_order_of_trying() -> None:
    pack = NamedPack("/srv/packs/course", 6)
    broken = NamedPack("/srv/packs/broken", 0, "It is damaged.")
    near = RegistryAnswer("http://mirror.example", answers=True, seconds=0.1234)
    silent, lines = SICK.registries, network_as_text(replace(SICK, packs=(broken, pack)))
    assert lines.splitlines()[2:] == [
        "  · https://r.example does not answer: refused",
        "  · /srv/packs/broken: It is damaged.",
        "  ✓ the pack /srv/packs/course (images: 6)",
        "  ✓ stand-ins can be made from this machine's programs",
        "",
        "Images come from: /srv/packs/course",
    ]
    told = network_as_text(replace(SICK, registries=(*silent, near), packs=(pack,)))
    assert "  ✓ http://mirror.example answers, in 0.12 s" in told.splitlines()
    assert told.splitlines()[-1] == "Images come from: http://mirror.example"
    assert network_as_text(SICK).endswith("Images come from: stand-ins, made on this machine")


def test_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "zh")
    assert "这里还不能上课：" in as_text(SICK)
