import pytest

from dockerlab.engine.containers import limits, names, signals
from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.creation import merge
from dockerlab.engine.containers.spec import capabilities, seccomp
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import RunConfig
from dockerlab.engine.runtime.cgroups import Controllers

IMAGE = RunConfig(
    user="ann",
    env=("PATH=/bin", "A=image"),
    entrypoint=("/entry",),
    cmd=("one", "two"),
    working_dir="/w",
    labels={"a": "image", "b": "image"},
    volumes={"/v": {}},
)


def test_what_is_not_said_is_the_image_s() -> None:
    merged = merge(ContainerConfig(), IMAGE)
    assert (merged.user, merged.working_dir) == ("ann", "/w")
    assert (merged.entrypoint, merged.cmd) == (("/entry",), ("one", "two"))
    assert merged.volumes == {"/v": {}}


def test_what_is_said_wins() -> None:
    own = ContainerConfig(env=("A=own", "B"), labels={"a": "own"}, user="0", cmd=("three",))
    merged = merge(own, IMAGE)
    assert merged.env == ("A=own", "B", "PATH=/bin")
    assert merged.labels == {"a": "own", "b": "image"}
    assert (merged.user, merged.entrypoint, merged.cmd) == ("0", ("/entry",), ("three",))


def test_another_entrypoint_takes_the_image_s_command_away() -> None:
    merged = merge(ContainerConfig(entrypoint=("/own",)), IMAGE)
    assert (merged.entrypoint, merged.cmd) == (("/own",), None)
    merged = merge(ContainerConfig(entrypoint=("",)), IMAGE)
    assert (merged.entrypoint, merged.cmd) == (None, None)
    merged = merge(ContainerConfig(entrypoint=()), IMAGE)
    assert (merged.entrypoint, merged.cmd) == ((), ("one", "two"))


def test_generated_names_are_allowed_ones() -> None:
    for attempt in range(200):
        name = names.generate(attempt % 2)
        assert names.check(name) == name


@pytest.mark.parametrize("name", ["a", "-a", "a b", "a/b", "ü", "", "a\n"])
def test_names_that_are_not_allowed(name: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid container name"):
        names.check(name)


def test_capabilities() -> None:
    every = capabilities.chosen((), (), privileged=True, held=capabilities.held() | {"CAP_KILL"})
    assert "CAP_KILL" in every
    default = frozenset(capabilities.DEFAULT)
    assert set(capabilities.chosen((), (), privileged=False, held=default)) == default
    less = capabilities.chosen((), ("KILL", "cap_chown"), privileged=False, held=default)
    assert set(less) == default - {"CAP_KILL", "CAP_CHOWN"}
    with pytest.raises(InvalidParameter, match='invalid CapDrop: unknown capability: "CAP_X"'):
        capabilities.check(["x"], "CapDrop")


def test_the_filter_follows_the_capabilities() -> None:
    def forbidden(*held: str) -> set[str]:
        rules = seccomp.profile(held, machine="x86_64")["syscalls"]
        assert isinstance(rules, list)
        return {name for rule in rules if "args" not in rule for name in rule["names"]}

    assert {"mount", "setns", "clone3", "reboot", "keyctl"} <= forbidden()
    assert "mount" not in forbidden("CAP_SYS_ADMIN")
    assert "clone3" not in forbidden("CAP_SYS_ADMIN")
    assert "keyctl" in forbidden("CAP_SYS_ADMIN")


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


@pytest.mark.parametrize(
    ("text", "number"), [("9", 9), ("SIGTERM", 15), ("hup", 1), ("RTMIN+1", 35), ("RTMAX-1", 63)]
)
def test_signals(text: str, number: int) -> None:
    assert signals.parse(text) == number


@pytest.mark.parametrize("text", ["", "0", "65", "FOO", "TERM+1", "-1", "RTMIN+"])
def test_no_signals(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid signal"):
        signals.parse(text)
