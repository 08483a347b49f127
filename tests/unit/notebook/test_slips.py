"""Slips in a cell are met with a sentence, all other errors with their traceback."""

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dockerlab.notebook import slips


@pytest.fixture
def ipython(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    shell: Any = InteractiveShell.instance()
    slips.install(shell)
    slips.install(shell)
    yield shell
    slips.uninstall(shell)
    InteractiveShell.clear_instance()
    assert not hasattr(shell.showtraceback, "explains_slips")


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("docker start web", "Write: `!docker start web`"),
        ("x = 1\ndocker ps -a\nprint(x)", "Write: `!docker ps -a`"),
        ("docker --version", "Write: `!docker --version`"),
        ("answer = docker ps -a", "Write: `!docker ps -a`"),
        ("answer = redis:8", 'Write: `answer = "redis:8"`'),
        ("answer = API 1.51", 'Write: `answer = "API 1.51"`'),
        ("answer = v1.51", 'Write: `answer = "v1.51"`'),
        ("answer = -i", 'Write: `answer = "-i"`'),
        ("answer = latest", 'Write: `answer = "latest"`'),
        ("second.reveal('pull')", "It gives `second` its meaning."),
    ],
)
def test_a_slip_is_a_sentence(
    ipython: Any, capsys: pytest.CaptureFixture[str], cell: str, cure: str
) -> None:
    result = ipython.run_cell(cell)
    said = capsys.readouterr().out
    assert cure in said
    assert "Error" not in said
    assert not result.success, "the cells after it must not run as if nothing had been"


@pytest.mark.parametrize(
    "cell",
    [
        "1 / 0",
        "print('a' 1)",
        "answer = 'redis:8",
        "def inner():\n    return missing\ninner()",
    ],
)
def test_another_error_is_shown_as_always(
    ipython: Any, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    ipython.run_cell(cell)
    assert "Error" in capsys.readouterr().out


def test_who_explains_errors_otherwise_is_asked_first(
    ipython: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []
    ipython.set_custom_exc((Exception,), lambda *given, **_: asked.append(given))
    ipython.run_cell("missing")
    assert len(asked) == 1
    assert "missing" not in capsys.readouterr().out
