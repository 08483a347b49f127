"""When checks make a container healthy or not."""

import pytest

from dockerlab.engine.containers.health import after
from dockerlab.engine.containers.model import Health, HealthResult, HealthStatus
from dockerlab.engine.oci import HealthConfig

STARTING, HEALTHY, UNHEALTHY = HealthStatus


def result(code: int) -> HealthResult:
    return HealthResult(start=1, end=2, exit_code=code, output="")


@pytest.mark.parametrize(
    ("status", "streak", "code", "age", "expected"),
    [
        (STARTING, 0, 0, 0, (HEALTHY, 0)),
        (STARTING, 0, 1, 5, (STARTING, 0)),  # within the start period
        (STARTING, 0, 1, 10, (STARTING, 1)),
        (STARTING, 1, 1, 20, (UNHEALTHY, 2)),
        (HEALTHY, 0, 1, 5, (HEALTHY, 1)),  # once it was healthy, the period is over
        (HEALTHY, 1, 137, 20, (UNHEALTHY, 2)),
        (UNHEALTHY, 7, -1, 20, (UNHEALTHY, 8)),
        (UNHEALTHY, 7, 0, 20, (HEALTHY, 0)),
    ],
)
def test_one_more_check(
    status: HealthStatus, streak: int, code: int, age: int, expected: tuple[HealthStatus, int]
) -> None:
    config = HealthConfig(test=("CMD", "true"), start_period=10, retries=2)
    now = after(Health(status=status, failing_streak=streak), result(code), config, age=age)
    assert (now.status, now.failing_streak) == expected


def test_three_failures_where_nothing_else_is_said_and_five_results_are_kept() -> None:
    health = Health(status=STARTING)
    for code in (1, 1, 1, 1, 1, 2):
        assert (health.status == UNHEALTHY) == (health.failing_streak >= 3)
        health = after(health, result(code), HealthConfig(), age=0)
    assert [each.exit_code for each in health.log] == [1, 1, 1, 1, 2]
