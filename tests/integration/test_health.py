"""Health checks, as the `docker` command shows them."""

import json
import time

from tests.engines.engine import Engine

_CHECK = ("--health-interval", "200ms", "--health-retries", "2", "--network", "none")


def _health(engine: Engine, name: str) -> dict[str, object]:
    shown = engine.docker("inspect", name, "--format", "{{json .State.Health}}").stdout
    found: dict[str, object] = json.loads(shown)
    return found


def _await(engine: Engine, name: str, status: str) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while (found := _health(engine, name))["Status"] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_a_container_becomes_unhealthy_and_healthy(engine: Engine) -> None:
    engine.docker("pull", "-q", "busybox")
    words = ("--health-cmd", "cat /ok", "busybox", "sleep", "1000")
    assert engine.docker("run", "-d", "--name", "t-health", *_CHECK, *words).returncode == 0
    try:
        ill = _await(engine, "t-health", "unhealthy")
        assert ill["Log"][0]["ExitCode"] == 1  # type: ignore[index]
        shown = engine.docker("ps", "--filter", "health=unhealthy", "--format", "{{.Status}}")
        assert b"(unhealthy)" in shown.stdout
        engine.docker("exec", "t-health", "sh", "-c", "echo fine > /ok")
        well = _await(engine, "t-health", "healthy")
        assert well["Log"][-1]["Output"] == "fine\n"  # type: ignore[index]
        engine.docker("kill", "t-health")
        assert _health(engine, "t-health")["Status"] == "unhealthy"
    finally:
        engine.docker("rm", "-f", "t-health")


def test_a_check_that_takes_too_long_is_ended(engine: Engine) -> None:
    engine.docker("pull", "-q", "busybox")
    words = ("--health-timeout", "300ms", "--health-cmd", "echo x; sleep 987", "busybox")
    assert (
        engine.docker("run", "-d", "--name", "t-slow", *_CHECK, *words, "sleep", "1000").returncode
        == 0
    )
    try:
        found = _await(engine, "t-slow", "unhealthy")
        first = found["Log"][0]  # type: ignore[index]
        assert first["ExitCode"] == -1
        assert first["Output"].startswith("Health check exceeded timeout (300ms)")
    finally:
        engine.docker("rm", "-f", "t-slow")
