"""What a learner sees of an error is one sentence."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dockerlab import errors
from dockerlab.messages import sentences


def every_error() -> list[type[errors.DockerlabError]]:
    found: list[type[errors.DockerlabError]] = []
    waiting = [errors.DockerlabError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found


@pytest.mark.parametrize("kind", every_error())
def test_every_default_sentence_exists(kind: type[errors.DockerlabError]) -> None:
    assert not kind.key or kind.key in sentences("en")


def test_the_sentence_is_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    error = errors.SocketMissing(address="unix:///x.sock")
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    assert str(error) == "There is no socket at unix:///x.sock."
    monkeypatch.setenv("DOCKERLAB_LANG", "zh")
    assert str(error) == "unix:///x.sock 处没有套接字（socket）。"


def test_a_notebook_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    shell = InteractiveShell()  # type: ignore[no-untyped-call] # IPython has no types here
    shell.run_cell(  # type: ignore[no-untyped-call]
        "from dockerlab.errors import SocketMissing\nraise SocketMissing(address='unix:///x.sock')"
    )
    shown = "".join(capsys.readouterr())
    assert "There is no socket at unix:///x.sock." in shown
    assert "Traceback" not in shown
    assert "raise" not in shown
