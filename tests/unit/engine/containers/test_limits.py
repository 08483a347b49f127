from dockerlab.engine.containers import limits
from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.runtime.cgroups import Controllers


def test_limits_become_resources_where_they_can() -> None:
    host = HostConfig(memory=100 * 2**20, nano_cpus=1_500_000_000, pids_limit=10)
    able = Controllers(version=1, memory=True, cpu=True)
    assert limits.resources(host, able) == {
        "memory": {"limit": 100 * 2**20, "swap": 200 * 2**20},
        "cpu": {"period": 100000, "quota": 150000},
    }
    kept, (warning,) = limits.settle(host, able)
    assert (kept.memory, kept.pids_limit) == (100 * 2**20, None)
    assert warning.startswith("Your kernel does not support PIDs limit capabilities")
