"""Registries that do not answer: waited for once, and for a while after that asked last."""

import time
from collections.abc import Callable, Sequence

from dockerlab.engine.distribution.source import Source

_LASTS = 60.0
_NOTICED = 1.0


class Silence:
    """Which sources kept us waiting in vain lately, by name.

    A network that swallows everything (a firewall, a wireless network without the internet) costs
    a whole time-out at each pull; a lesson pulls ten times.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._until: dict[str, float] = {}

    def note(self, source: Source, *, since: float) -> None:
        """Say that a source was asked at ``since`` and has not answered.

        Where that was told at once (refused, no such host), asking again costs nothing.
        """
        if self.clock() - since >= _NOTICED:
            self._until[source.name] = self.clock() + _LASTS

    def broken(self, source: Source) -> None:
        """Say that a source answered, whatever it said."""
        self._until.pop(source.name, None)

    def lasts(self, source: Source) -> bool:
        """Whether it was silent less than a minute ago."""
        return self._until.get(source.name, 0.0) > self.clock()

    def last(self, sources: Sequence[Source]) -> tuple[Source, ...]:
        """The sources in their order, save that the silent ones come last."""
        return tuple(sorted(sources, key=self.lasts))
