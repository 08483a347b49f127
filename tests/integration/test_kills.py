"""Killed in the middle of its work, the engine starts again and has lost nothing.

``python -m benchmarks.kills`` does the same some hundred times.
"""

from pathlib import Path

import pytest

from tests.engines.kills import Victim, kill_many, prepare
from tests.engines.programs import need, need_root
from tests.engines.registry import Registry

KILLS = 16


@pytest.mark.timeout(400)
def test_whatever_it_was_doing(registry: Registry, session_directory: Path) -> None:
    need_root()
    need("crun", package="crun")
    state = session_directory / "killed"
    state.mkdir()
    victim = Victim(state, registry.url)
    prepare(victim)
    try:
        outcome = kill_many(victim, KILLS, seed=KILLS)
    finally:
        victim.kill()
    assert outcome.faults == []
    assert sum(outcome.kills.values()) == KILLS
