import pytest

from dockerlab.engine.containers import signals
from dockerlab.engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "number"), [("9", 9), ("SIGTERM", 15), ("hup", 1), ("RTMIN+1", 35), ("RTMAX-1", 63)]
)
def test_signals(text: str, number: int) -> None:
    assert signals.parse(text) == number


@pytest.mark.parametrize("text", ["", "0", "65", "FOO", "TERM+1", "-1", "RTMIN+"])
def test_no_signals(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid signal"):
        signals.parse(text)
