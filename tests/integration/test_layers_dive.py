"""Our figures are dive's, to the byte: the real dive looks at the same images.

Images of our own with every case that layers have, images that hypothesis makes up, and images
that a real engine built, saved and pulled.
"""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerlab.layers import Analysis, LayerCache, analyze_image, analyze_path, read_image
from tests.engines.engine import Engine
from tests.engines.images import busybox, on_top_of
from tests.engines.images import layer as image_layer
from tests.engines.programs import unavailable
from tests.unit.layers.tarballs import Member, layer, new_style, old_style

BASE = layer(
    Member("usr/", mode=0o755),
    Member("usr/bin/", mode=0o755),
    Member("usr/bin/tool", b"t" * 5000, mode=0o755),
    Member("usr/bin/hard", link="usr/bin/tool", hard=True),
    Member("usr/bin/soft", link="tool"),
    Member("etc/", mode=0o755),
    Member("etc/passwd", b"root:x:0:0"),
    Member("var/", mode=0o755),
    Member("var/log/", mode=0o755),
    Member("var/log/a", b"a" * 100),
    Member("var/log/b", b"b" * 200),
    Member("empty/", mode=0o755),
)

IMAGES = {
    "one layer": [BASE],
    "no file at all": [layer()],
    "a file removed": [BASE, layer(Member("etc/.wh.passwd"))],
    "a directory removed": [BASE, layer(Member("var/.wh.log"))],
    "a directory of undescribed parents removed": [
        layer(Member("a/b/c", b"12345")),
        layer(Member(".wh.a")),
    ],
    "removed and written again": [
        BASE,
        layer(Member("var/.wh.log")),
        layer(Member("var/log/a", b"new")),
    ],
    "removed and written in one layer": [
        BASE,
        layer(Member("var/.wh.log"), Member("var/log/a", b"new")),
    ],
    "what is not there removed": [
        BASE,
        layer(Member("aa", b"1"), Member("mm/.wh.no"), Member("etc/passwd", b"")),
    ],
    "an opaque directory": [BASE, layer(Member("var/.wh..wh..opq"), Member("var/new", b"new"))],
    "an opaque directory only": [BASE, layer(Member("var/log/.wh..wh..opq"))],
    "the same file again": [BASE, layer(Member("etc/passwd", b"root:x:0:0"))],
    "a mode changed": [BASE, layer(Member("usr/bin/tool", b"t" * 5000, mode=0o4755))],
    "an owner changed": [BASE, layer(Member("etc/passwd", b"root:x:0:0", uid=7, gid=8))],
    "a directory replaced by a file": [BASE, layer(Member("var/log", b"a file now"))],
    "a file replaced by a directory": [
        BASE,
        layer(Member("etc/passwd/"), Member("etc/passwd/x", b"xx")),
    ],
    "replaced by a file, then removed": [
        BASE,
        layer(Member("var/log", b"f")),
        layer(Member("var/.wh.log")),
    ],
    "a link replaced": [BASE, layer(Member("usr/bin/soft", link="hard"))],
    "a hard link to below": [BASE, layer(Member("usr/bin/other", link="usr/bin/tool", hard=True))],
    "names with dots and slashes": [
        BASE,
        layer(Member("./etc//passwd", b"x"), Member("./usr/../etc/new")),
    ],
    "names that lead out": [
        BASE,
        layer(Member("../out", b"xy"), Member("/abs", b"abc")),
        layer(Member("abs")),
    ],
    "a name twice in one layer": [
        layer(Member("a", b"1"), Member("a", b"22")),
        layer(Member("a", b"333")),
    ],
    "a layer twice": [BASE, layer(Member("x", b"x")), BASE],
    "removed in the lowest layer": [
        layer(Member(".wh.a"), Member("a", b"xyz")),
        layer(Member(".wh.a")),
    ],
    "a long name": [
        layer(Member("d/" * 60 + "n" * 90, b"1")),
        layer(Member("d/" * 60 + "n" * 90, b"2")),
    ],
    "GNU's long name": [
        layer(Member("l" * 180, b"1"), format=tarfile.GNU_FORMAT),
        layer(Member("l" * 180, b"22"), format=tarfile.GNU_FORMAT),
    ],
    "names of other scripts": [layer(Member("数据/文件", b"1")), layer(Member("数据/文件", b"22"))],
    "a device and a pipe": [
        layer(Member("dev/null", type=b"3"), Member("fifo", type=b"6")),
        layer(Member("fifo")),
    ],
    "whiteouts of odd names": [
        BASE,
        layer(Member("etc/.wh."), Member(".wh.-x"), Member("var/.wh.log/under", b"u")),
    ],
}


def dive(archive: Path) -> dict[str, Any]:
    """What the real dive says of an archive."""
    program = shutil.which("dive", path=f"{Path(sys.executable).parent}")
    if program is None:
        unavailable("dive is not installed: make setup-dev")
    report = archive.with_suffix(".dive.json")
    command = [program, "--source", "docker-archive", "--json", str(report), str(archive)]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def hold_equal(archive: Path, ours: Analysis) -> None:
    theirs = dive(archive)
    image = theirs["image"]
    assert ours.size == image["sizeBytes"]
    assert ours.efficiency.wasted_bytes == image["inefficientBytes"]
    assert ours.efficiency.score == image["efficiencyScore"]
    assert sorted(
        (each.path.decode(), each.layers, each.size) for each in ours.efficiency.paths
    ) == (
        sorted((each["file"], each["count"], each["sizeBytes"]) for each in image["fileReference"])
    )
    assert [each.layer.size for each in ours.layers] == [
        each["sizeBytes"] for each in theirs["layer"]
    ]
    assert [each.layer.diff_id for each in ours.layers] == [
        each["digestId"] for each in theirs["layer"]
    ]


def compare(data: bytes, folder: Path) -> None:
    archive = folder / "image.tar"
    archive.write_bytes(data)
    hold_equal(archive, analyze_path(archive, cache=LayerCache(folder / "cache")))


@pytest.mark.parametrize("name", IMAGES)
def test_our_figures_are_dives(name: str, tmp_path: Path) -> None:
    compare(new_style(IMAGES[name]), tmp_path)


def test_an_archive_of_an_older_docker(tmp_path: Path) -> None:
    # Without a layer twice: dive takes the link that stands for it as an empty layer.
    compare(old_style(IMAGES["removed and written again"]), tmp_path)


_names = st.lists(st.sampled_from(["a", "b", "-c", "d"]), min_size=1, max_size=3).map("/".join)
_hidden = st.tuples(st.one_of(st.just(""), _names.map(lambda n: f"{n}/")), st.sampled_from("abd"))
_members = st.one_of(
    st.builds(Member, _names, st.binary(max_size=9), mode=st.sampled_from([0o644, 0o755])),
    st.builds(Member, _names.map(lambda name: f"{name}/"), mode=st.just(0o755)),
    st.builds(Member, _names, link=_names, hard=st.booleans()),
    _hidden.map(lambda parts: Member(f"{parts[0]}.wh.{parts[1]}")),
    st.builds(Member, _names.map(lambda name: f"{name}/.wh..wh..opq")),
)
_images = st.lists(st.lists(_members, max_size=8).map(lambda m: layer(*m)), min_size=1, max_size=5)


@given(_images)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_images_that_nobody_thought_of(layers: Sequence[bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="dive-") as name:
        compare(new_style(layers), Path(name))


@pytest.mark.docker
def test_an_image_of_docker_engine(docker_engine: Engine, tmp_path: Path) -> None:
    """Built by Docker, saved by Docker: through the engine we say what dive says of the file."""
    base = image_layer({"opt/x": b"x" * 3000, "opt/y": b"y"}, made_by="COPY x /opt")
    gone = image_layer(
        {"opt/.wh.x": b"", "etc/passwd": "root:x:0:0::/:/bin/sh\n"}, made_by="RUN rm"
    )
    image = on_top_of(busybox(), base, gone)
    docker_engine.docker("load", stdin=image.archive("dive-test:1"))
    script = "rm -r /home; chmod 700 /opt; ln /etc/group /etc/hard; ln -s x /soft; mkfifo /pipe"
    words = ["run", "--name", "dive-test", "--network", "none", "dive-test:1", "sh", "-c", script]
    assert docker_engine.docker(*words).returncode == 0
    assert docker_engine.docker("commit", "dive-test", "dive-test:2").returncode == 0
    archive = tmp_path / "saved.tar"
    assert docker_engine.docker("save", "-o", str(archive), "dive-test:2").returncode == 0
    client = docker_engine.client()
    try:
        cache = LayerCache(tmp_path / "cache")
        cold = analyze_image(client, "dive-test:2", cache=cache)
        hold_equal(archive, cold)
        assert analyze_image(client, "dive-test:2", cache=cache) == cold
        assert analyze_path(archive, cache=LayerCache(tmp_path / "other")).layers == cold.layers
        told = read_image(client, "dive-test:2")
        assert [each.layer.chain_id for each in cold.layers] == [
            each.chain_id for each in told.layers
        ]
        # Docker counts a symbolic link as long as its target, dive as nothing.
        links = [
            sum(len(entry.target) for entry in each.entries if entry.type == "2")
            for each in cold.layers
        ]
        assert [each.size for each in told.layers] == [
            (each.layer.size or 0) + length for each, length in zip(cold.layers, links, strict=True)
        ]
    finally:
        client.close()


@pytest.mark.docker
def test_each_engine_has_its_own_members(
    engine: Engine, docker_engine: Engine, tmp_path: Path
) -> None:
    """Where `docker save` puts a layer differs: what one engine said is not told of another."""
    image = on_top_of(busybox(), image_layer({"srv/m": b"m"}, made_by="COPY m /srv"))
    cache = LayerCache(tmp_path / "cache")
    for each in (docker_engine, engine, docker_engine):
        with io.BytesIO(image.archive("member-test:1")) as archive:
            each.docker("load", stdin=archive.read())
        saved = tmp_path / "saved.tar"
        assert each.docker("save", "-o", str(saved), "member-test:1").returncode == 0
        with tarfile.open(saved) as tar:
            members = set(tar.getnames())
        client = each.client()
        try:
            found = analyze_image(client, "member-test:1", cache=cache)
        finally:
            client.close()
        assert {layer.member for layer in found.layers} <= members


def test_a_stream_of_the_engine_is_read_once(engine: Engine, tmp_path: Path) -> None:
    """Every engine's `save` can be read, whatever style of archive it writes."""
    image = on_top_of(busybox(), image_layer({"srv/a": b"a" * 10}, made_by="COPY a /srv"))
    with io.BytesIO(image.archive("stream-test:1")) as archive:
        engine.docker("load", stdin=archive.read())
    client = engine.client()
    try:
        found = analyze_image(client, "stream-test:1", cache=LayerCache(tmp_path))
    finally:
        client.close()
    assert [each.layer.diff_id for each in found.layers] == [each.diff_id for each in image.layers]
    assert found.layers[1].layer.created_by == "COPY a /srv"
    assert [each.name for each in found.layers[1].changes.added] == ["/srv/a"]
    assert found.tags == ("stream-test:1",)
