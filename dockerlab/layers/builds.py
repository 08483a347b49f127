"""What a Dockerfile costs: the figures by which two of them can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from dockerlab.layers.sizes import human_size


@dataclass(frozen=True, slots=True)
class BuildMeasure:
    """One Dockerfile's image, and how long it took to build it again after a small change.

    `size` and `wasted_bytes` are bytes, the latter by dive's definition; `layers` counts those that
    hold files; `rebuild_seconds` is the wall time of the whole command.
    """

    name: str
    size: int
    layers: int
    wasted_bytes: int
    rebuild_seconds: float

    def figures(self) -> tuple[str, str, str, str]:
        """Return size, layers, wasted bytes and seconds, as a person reads them.

        >>> BuildMeasure("app", 14_500_000, 3, 0, 1.234).figures()
        ('14.5MB', '3', '0B', '1.23 s')
        """
        return (
            human_size(self.size),
            str(self.layers),
            human_size(self.wasted_bytes),
            f"{self.rebuild_seconds:.2f} s",
        )
