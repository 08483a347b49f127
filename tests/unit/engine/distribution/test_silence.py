"""Who is asked last, and for how long."""

from pathlib import Path

from dockerlab.engine.distribution.pack import PackedImage
from dockerlab.engine.distribution.silence import Silence
from dockerlab.engine.reference import parse


def test_whoever_kept_us_waiting_comes_last_for_a_minute() -> None:
    now = [100.0]
    silence = Silence(clock=lambda: now[0])
    first, second, third = (PackedImage(Path(name), parse("app")) for name in ("a", "b", "c"))
    sources = (first, second, third)
    silence.note(first, since=99.9)
    assert silence.last(sources) == sources, "a no that comes at once costs nothing"
    silence.note(first, since=97)
    assert silence.last(sources) == (second, third, first)
    silence.broken(first)
    assert silence.last(sources) == sources
    silence.note(second, since=90)
    now[0] += 59
    assert silence.last(sources) == (first, third, second)
    now[0] += 2
    assert silence.last(sources) == sources
