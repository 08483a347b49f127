"""Outcomes of the suite, kept between runs: an engine may be measured again by itself."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec

from tests.engines.programs import cache_directory
from tests.sdk.suite import Outcome

ENGINES = {
    "docker": "Docker Engine",
    "oci-root": "embedded, root",
    "oci-user": "embedded, rootless",
    "proot": "embedded, proot",
}


class Result(msgspec.Struct, frozen=True):
    """What one engine did, and when."""

    day: date
    outcomes: Mapping[str, Outcome]


def directory() -> Path:
    """Where results are kept."""
    place = cache_directory() / "sdk-suite"
    place.mkdir(parents=True, exist_ok=True)
    return place


def keep(engine: str, result: Result, *, place: Path) -> None:
    """Keep what this engine did in place of what it did before."""
    (place / f"{engine}.json").write_bytes(msgspec.json.encode(result))


def kept(*, place: Path) -> Mapping[str, Result]:
    """What every engine did when it was last measured, in the order of the page's columns."""
    files = {engine: place / f"{engine}.json" for engine in ENGINES}
    return {
        engine: msgspec.json.decode(file.read_bytes(), type=Result)
        for engine, file in files.items()
        if file.exists()
    }
