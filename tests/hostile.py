"""Say how many hostile inputs the tests try, by kind.

    python -m tests.hostile

The corpora are counted; of the property-based tests, the examples that hypothesis is asked for.
"""

import sys
from pathlib import Path

from tests.engines import hostile_http
from tests.unit.engine.builder import hostile as builds
from tests.unit.engine.unpack import hostile

_TESTS = Path(__file__).parent
_FORMATS = 2
"""Each layer is unpacked for overlay and for copied snapshots."""


def counted() -> dict[str, int]:
    """The number of inputs by kind."""
    return {
        "layers (made by code, for each kind of snapshot)": _FORMATS * len(hostile.CORPUS),
        "builds: Dockerfiles, contexts, archives, base images": len(builds.corpus(b"/outside")),
        "HTTP requests": len(hostile_http.CORPUS),
        "generated: layers, references, Dockerfiles, names": sum(map(_examples, _generated())),
    }


def _generated() -> list[Path]:
    return [path for path in sorted(_TESTS.rglob("test_*.py")) if "@given(" in path.read_text()]


def _examples(path: Path) -> int:
    """What hypothesis tries in one file: as many as a test asks for, 100 if it does not."""
    tests = path.read_text().split("@given(")[1:]
    asked = (test.partition("\ndef ")[0].partition("max_examples=")[2] for test in tests)
    return sum(int(number.split(",")[0].split(")")[0]) if number else 100 for number in asked)


def main() -> None:
    """Print a table."""
    lines = [f"| {kind} | {number:,} |" for kind, number in counted().items()]
    lines.append(f"| all | {sum(counted().values()):,} |")
    sys.stdout.write("\n".join(["| hostile inputs | number |", "| --- | ---: |", *lines, ""]))


if __name__ == "__main__":
    main()
