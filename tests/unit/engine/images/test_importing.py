import gzip
import json

import pytest

from dockerlab.engine.dockerfile.changes import apply_changes
from dockerlab.engine.errors import EngineError, InvalidParameter
from dockerlab.engine.oci import HealthConfig, Platform, RunConfig
from dockerlab.engine.reference import parse_target
from tests.unit.engine.images.conftest import BASE, Lab, parts

TAR = BASE.layers[0].tar


async def import_tar(lab: Lab, data: bytes, *changes: str, name: str = "") -> str:
    records = lab.images.import_tar(
        parts(data), reference=parse_target(name, ""), message="hello", changes=changes
    )
    return [record.status async for record in records][-1]


async def test_a_root_file_system_becomes_an_image(lab: Lab) -> None:
    image_id = await import_tar(lab, TAR, 'CMD ["sh"]', name="made:1")
    details = lab.images.inspect("made:1")
    assert details.id == image_id
    assert details.comment == "hello"
    assert details.root_fs.layers == (BASE.layers[0].diff_id,)
    assert details.size == 1100
    assert details.config is not None
    assert details.config.cmd == ("sh",)
    assert not details.metadata.last_tag_time.startswith("0001")
    (entry,) = lab.images.history("made:1")
    assert (entry.id, entry.comment, entry.size) == (image_id, "hello", 1100)
    assert lab.happened() == ["tag", "import"]


async def test_compression_does_not_change_the_layer(lab: Lab) -> None:
    image_id = await import_tar(lab, gzip.compress(TAR))
    assert lab.images.inspect(image_id).root_fs.layers == (BASE.layers[0].diff_id,)
    assert lab.images.resolve(image_id).names == ()


async def test_the_platform_may_be_another(lab: Lab) -> None:
    platform = Platform("arm64", "linux")
    records = lab.images.import_tar(parts(TAR), platform=platform)
    image_id = [record.status async for record in records][-1]
    assert lab.images.inspect(image_id).architecture == "arm64"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no tar at all" * 100, "archive/tar: invalid tar header"),
        (TAR[:700], "unexpected EOF"),
        (gzip.compress(TAR, mtime=0)[:100], "unexpected EOF"),
    ],
)
async def test_of_what_is_no_tar_nothing_is_kept(lab: Lab, data: bytes, sentence: str) -> None:
    with pytest.raises(EngineError) as refused:
        await import_tar(lab, data)
    assert str(refused.value) == sentence
    assert lab.left() == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("FOO x", "FOO is not a valid change command"),
        ("RUN x", "RUN is not a valid change command"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV a", "ENV must have two arguments"),
        ("ENV a=1 b", 'Syntax error - can\'t find = in "b". Must be of the form: name=value'),
        ("EXPOSE 99999", "Invalid containerPort: 99999"),
        ('SHELL ["bash", "-c"]', "SHELL is not a valid change command"),
        ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("HEALTHCHECK TRY x", 'Unknown type "TRY" in HEALTHCHECK (try CMD)'),
    ],
)
async def test_malformed_changes(lab: Lab, change: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await import_tar(lab, TAR, change)
    assert str(refused.value) == sentence
    assert lab.left() == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "config"),
    [
        ("ENV a b c", RunConfig(env=("a=b c",))),
        ("env a=1 b='2 3' c=\"4 5\"", RunConfig(env=("a=1", "b=2 3", "c=4 5"))),
        ('LABEL a=b c="d e"', RunConfig(labels={"a": "b", "c": "d e"})),
        ("CMD x y", RunConfig(cmd=("/bin/sh", "-c", "x y"))),
        ('ENTRYPOINT ["x", "y"]', RunConfig(entrypoint=("x", "y"))),
        ("EXPOSE 80 53/UDP", RunConfig(exposed_ports={"80/tcp": {}, "53/udp": {}})),
        ("USER u:g", RunConfig(user="u:g")),
        ("WORKDIR /a/../b", RunConfig(working_dir="/b")),
        ("VOLUME /v /w", RunConfig(volumes={"/v": {}, "/w": {}})),
        ('VOLUME ["/v"]', RunConfig(volumes={"/v": {}})),
        ("STOPSIGNAL SIGINT", RunConfig(stop_signal="SIGINT")),
        ("ONBUILD RUN x", RunConfig(on_build=("RUN x",))),
        ("HEALTHCHECK NONE", RunConfig(healthcheck=HealthConfig(test=("NONE",)))),
        (
            "HEALTHCHECK --interval=5s --retries=2 CMD true",
            RunConfig(
                healthcheck=HealthConfig(
                    test=("CMD-SHELL", "true"), interval=5_000_000_000, retries=2
                )
            ),
        ),
    ],
)
def test_changes(change: str, config: RunConfig) -> None:
    assert apply_changes(RunConfig(), [change]) == config


def test_changes_build_on_what_is_there() -> None:
    before = RunConfig(env=("A=1", "B=2"), labels={"x": "1"}, working_dir="/w")
    after = apply_changes(before, ["ENV A=3", "LABEL y=2", "WORKDIR sub"])
    assert after.env == ("A=3", "B=2")
    assert after.labels == {"x": "1", "y": "2"}
    assert after.working_dir == "/w/sub"


async def test_the_config_is_written_plainly(lab: Lab) -> None:
    image_id = await import_tar(lab, TAR)
    path = lab.content.root / "blobs" / image_id.replace(":", "/")
    config = json.loads(path.read_bytes())
    assert config["rootfs"] == {"type": "layers", "diff_ids": [BASE.layers[0].diff_id]}
    assert config["os"] == "linux"
