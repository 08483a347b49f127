"""Run the Docker SDK's own integration tests, and write what passed into docs/sdk-suite.md.

    python -m tests.sdk CHECKOUT [--engines docker oci-root oci-user proot] [--output PAGE]

CHECKOUT is a checkout of https://github.com/docker/docker-py, of the release that requirements/
names. Needs what `make setup-dev` installs, root, and some four minutes for each engine; what is
not measured now stands on the page as it was measured last.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from tests.engines.embedded import running_embedded
from tests.engines.engine import Engine
from tests.engines.reference import running_docker
from tests.engines.registry import Registry, running_registry
from tests.engines.user import ordinary_user
from tests.sdk import results
from tests.sdk.page import page
from tests.sdk.results import ENGINES, Result
from tests.sdk.suite import Outcome, fill_for_suite, run

PAGE = Path(__file__).resolve().parents[2] / "docs/sdk-suite.md"


def main() -> None:
    """Run the suite on one engine after the other, then print the page and write it."""
    parser = argparse.ArgumentParser(prog="python -m tests.sdk", description=__doc__)
    parser.add_argument("checkout", type=Path, metavar="CHECKOUT")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--output", type=Path, default=PAGE, help=f"default {PAGE.name}")
    chosen = parser.parse_args()
    place = results.directory()
    for kind in chosen.engines:
        outcomes = measure(kind, chosen.checkout)
        results.keep(kind, Result(datetime.now(UTC).date(), outcomes), place=place)
        print(kind, dict(Counter(each.kind for each in outcomes.values())), flush=True)
    if "docker" not in (kept := results.kept(place=place)):
        sys.exit("The page compares with Docker Engine: measure that, too.")
    text = page(kept)
    print(f"\n{text}")
    chosen.output.write_text(text)


def measure(kind: str, checkout: Path) -> Mapping[str, Outcome]:
    """What one engine, started for it with a registry of its own, does with the suite."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as name:
        place = Path(name)
        place.chmod(0o755)  # an ordinary user's engine lives in here, too
        for folder in ("registry", "suite", kind):
            (place / folder).mkdir()
        with running_registry(place / "registry") as registry:
            fill_for_suite(registry)
            with _starting(kind, place / kind, registry) as engine:
                user = ordinary_user(place / kind) if kind in ("oci-user", "proot") else None
                return run(checkout, engine, place / "suite", user=user)


def _starting(kind: str, state: Path, registry: Registry) -> AbstractContextManager[Engine]:
    if kind == "docker":
        return running_docker(state, mirror=registry.url)
    return running_embedded(kind, state, mirror=registry.url)


if __name__ == "__main__":
    main()
