"""Build arguments: which are known, which may be used, and which nobody used."""

from collections.abc import Iterable, Mapping

from dockerlab.engine.dockerfile.instructions import Pair

PREDEFINED = (
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy",
    "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
)  # fmt: skip
"""Arguments that need no ``ARG``. They leave no trace in the image's history."""


class Arguments:
    """The arguments of one build, as one stage sees them."""

    def __init__(self, given: Mapping[str, str | None]) -> None:
        """``given`` are those of the client; None where it gave a name alone."""
        self._given = given
        self._for_from: dict[str, str | None] = {}
        self._allowed: dict[str, str | None] = {}
        self._used: set[str] = set()

    def for_stage(self) -> "Arguments":
        """What a new stage starts with: nothing may be used before its own ``ARG``."""
        arguments = Arguments(self._given)
        arguments._for_from = self._for_from
        arguments._used = self._used
        return arguments

    def declare(self, pairs: Iterable[Pair], *, for_from: bool = False) -> None:
        """Heed an ``ARG``; one before the first ``FROM`` is ``for_from``."""
        for pair in pairs:
            self._allowed[pair.key] = pair.value
            self._used.add(pair.key)
            if for_from:
                self._for_from[pair.key] = pair.value

    def values(self) -> dict[str, str]:
        """What may be used now."""
        return self._values(self._allowed)

    def values_for_from(self) -> dict[str, str]:
        """What may be used in ``FROM``."""
        return self._values(self._for_from)

    def shows(self, name: str) -> bool:
        """Whether history names an argument that is used."""
        return name in self._allowed or name not in PREDEFINED

    def unused(self) -> list[str]:
        """The client's arguments that no ``ARG`` asked for, sorted."""
        return sorted(self._given.keys() - self._used - set(PREDEFINED))

    def _values(self, declared: Mapping[str, str | None]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in dict.fromkeys((*declared, *PREDEFINED)):
            value = self._given.get(name)
            if value is None:
                value = declared.get(name)
            if value is None:
                value = self._for_from.get(name)
            if value is not None:
                found[name] = value
        return found
