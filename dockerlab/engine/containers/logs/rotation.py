"""The files of a log: the one that is written, and with ``max-file`` older ones beside it."""

from pathlib import Path


class Rotation:
    """The file at ``path``, and up to ``files - 1`` full ones: ``….log.1`` is the last of them."""

    def __init__(self, path: Path, *, files: int) -> None:
        self.path = path
        self._files = files
        self.generation = 0
        """How often the file was rotated."""

    def paths(self) -> list[Path]:
        """The files that exist, the oldest first."""
        older = [self._older(number) for number in range(self._files - 1, 0, -1)]
        return [path for path in [*older, self.path] if path.exists()]

    def rotate(self) -> None:
        """Make room for a new file at ``path``; the oldest goes where there are too many."""
        if self._files <= 1:
            self.path.unlink()
        for number in range(self._files - 1, 0, -1):
            newer = self._older(number - 1) if number > 1 else self.path
            if newer.exists():
                newer.replace(self._older(number))
        self.generation += 1

    def _older(self, number: int) -> Path:
        return Path(f"{self.path}.{number}")
