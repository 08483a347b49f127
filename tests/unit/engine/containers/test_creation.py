from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.creation import merge
from dockerlab.engine.oci import RunConfig

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
