"""Kill the engine some hundred times, and say what was found afterwards.

    python -m benchmarks.kills [--kills N] [--engine oci-root|oci-user|proot] [--seed N]

At random instants of pull, load, build, commit, rmi, prune, run and rm, each with something else
beside it. After each kill the engine is started again, must answer, and everything it keeps is
checked. Needs Linux, and root for more than the user's own engine; about two seconds a kill. Ends
with 1 if anything was wrong.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.engines.embedded import launch_for
from tests.engines.fixtures import fill
from tests.engines.kills import Victim, kill_many, prepare
from tests.engines.registry import running_registry


def main() -> None:
    """Kill, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--engine", choices=("oci-root", "oci-user", "proot"), default="oci-root")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # an ordinary user's engine lives in here, too
        state = directory / options.engine
        for made in (state, directory / "registry"):
            made.mkdir()
        with running_registry(directory / "registry") as registry:
            fill(registry)
            victim = Victim(state, registry.url, launch_for(options.engine, state))
            prepare(victim)
            try:
                outcome = kill_many(victim, options.kills, seed=options.seed, said=print)
            finally:
                victim.kill()
    print("\n| killed during | times |\n| --- | ---: |")
    for work, times in sorted(outcome.kills.items()):
        print(f"| {work} | {times} |")
    print(f"| all | {sum(outcome.kills.values())} |\n")
    print(
        f"In {outcome.unfinished} of them something was under way. Faults: {len(outcome.faults)}."
    )
    print("\n".join(outcome.faults))
    sys.exit(1 if outcome.faults else 0)


if __name__ == "__main__":
    main()
