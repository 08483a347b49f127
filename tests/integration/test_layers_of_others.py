"""Layers that others packed are pulled from a registry, run, and are the same everywhere."""

import pytest

from tests.engines.engine import Engine
from tests.engines.images import busybox
from tests.engines.others import OciImage, estargz, gzipped, plain, zstd, zstd_chunked
from tests.engines.registry import Registry
from tests.unit.engine.unpack.tars import archive, member

MANY = 1000


@pytest.fixture(scope="module")
def others(registry: Registry) -> OciImage:
    """An image of six layers, packed in five ways, as `others`."""
    base = busybox()
    image = OciImage(
        (
            gzipped(base.layers[0].tar),
            estargz(archive(member(b"srv/one", data=b"1")), ["srv/one"]),
            zstd(archive(*(member(b"many/%04d" % n, data=b"%d" % n) for n in range(MANY)))),
            plain(archive()),
            zstd_chunked(archive(member(b"srv/chunked", data=b"c" * 20_000))),
            gzipped(archive(member(b"srv/" + b"long" * 50, data=b"1"))),
        ),
        {**base.run, "Cmd": ["sh", "-c", "cat /srv/one /srv/long*; ls /many | wc -l"]},
    )
    registry.push(image, "library/others")
    return image


def test_they_are_pulled_and_run(engine: Engine, others: OciImage) -> None:
    pulled = engine.docker("pull", "others")
    assert pulled.returncode == 0, pulled.stderr.decode()
    assert pulled.stdout.count(b": Pull complete") == len(others.layers)
    ran = engine.docker("run", "--rm", "--network", "none", "others")
    assert (ran.returncode, ran.stdout) == (0, b"11%d\n" % MANY), ran.stderr.decode()
    size = engine.docker("run", "--rm", "--network", "none", "others", "wc", "-c", "/srv/chunked")
    assert size.stdout == b"20000 /srv/chunked\n"
    listed = engine.docker("inspect", "--format", "{{.Id}} {{.RepoDigests}}", "others").stdout
    assert listed.decode().split() == [
        others.config.digest,
        f"[others@{others.manifest.digest}]",
    ]
