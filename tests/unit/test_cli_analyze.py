"""`dockerlab analyze` without an engine: what it prints, and how it ends."""

import io
import json
from pathlib import Path

import pytest

from dockerlab.cli import main
from dockerlab.cli.progress import ReadProgress
from tests.unit.layers.tarballs import Member, layer, layout, new_style, write

LAYERS = [
    layer(Member("a", b"a" * 3000), Member("b", b"b" * 1000)),
    layer(Member(".wh.a"), Member("\x1b[31mred", b"x")),
]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    path = tmp_path / "image.tar"
    path.write_bytes(new_style(LAYERS))
    return str(path)


def test_for_people(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", archive]) == 0
    shown = capsys.readouterr()
    assert "test:1: 4kB, layers: 2" in shown.out
    assert "Efficiency 25.02 %, wasted 3kB (3000 bytes)" in shown.out
    assert "3kB in 2 layers: /a" in shown.out
    assert shown.err == ""


def test_for_programs(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", archive]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["image"]["wasted_bytes"] == 3000
    assert document["waste"] == [{"path": "/a", "layers": 2, "size": 3000}]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["--min-efficiency", "0.25"], 0),
        (["--min-efficiency", "0.26"], 3),
        (["--max-wasted", "3000"], 0),
        (["--max-wasted", "3kB"], 0),
        (["--max-wasted", "2999"], 3),
        (["--max-wasted", "2.9 KiB"], 3),
        (["--min-efficiency", "0.26", "--max-wasted", "1GB"], 3),
    ],
)
def test_limits_for_ci(
    archive: str, limits: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", archive, *limits]) == code
    assert bool(capsys.readouterr().err) == bool(code)


@pytest.mark.parametrize(
    "limits", [["--min-efficiency", "2"], ["--min-efficiency", "nan"], ["--max-wasted", "a lot"]]
)
def test_limits_that_are_none(
    archive: str, limits: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["analyze", archive, *limits])
    assert end.value.code == 2


def test_a_layout_and_a_name(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(layout(LAYERS, "one:2"), tmp_path / "layout")
    assert main(["analyze", str(folder), "--image", "one:2"]) == 0
    assert main(["analyze", str(folder), "--image", "two:2"]) == 1
    assert "no image in there" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "sentence"), [("en", "cannot be read"), ("zh", "无法读取")])
def test_an_archive_that_is_not_there(
    archive: str,
    language: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", language)
    assert main(["analyze", f"{archive}.tar"]) == 1
    assert sentence in capsys.readouterr().err


def test_progress_is_shown_after_a_second_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with io.StringIO() as stream:
        with ReadProgress(stream) as progress:
            progress(10_000_000)
            assert stream.getvalue() == ""
            now = 101.5
            progress(5_000_000)
            progress(5_000_000)
        assert stream.getvalue().count("15MB") == 1
        assert stream.getvalue().count("\n") == 1
