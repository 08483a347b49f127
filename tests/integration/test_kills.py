"""Killed in the middle of its work, the engine starts again and has lost nothing.

``python -m benchmarks.kills`` does the same some hundred times.
"""

from pathlib import Path

import pytest

from tests.engines.embedded import launch_for
from tests.engines.kills import Victim, kill_many, prepare
from tests.engines.registry import Registry


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("kind", "kills"), [("oci-root", 12), ("oci-user", 8), ("proot", 8)])
def test_whatever_it_was_doing(
    registry: Registry, session_directory: Path, kind: str, kills: int
) -> None:
    state = session_directory / f"{kind}-killed"
    state.mkdir()
    victim = Victim(state, registry.url, launch_for(kind, state))
    prepare(victim)
    try:
        outcome = kill_many(victim, kills, seed=kills)
    finally:
        victim.kill()
    assert outcome.faults == []
    assert sum(outcome.kills.values()) == kills
