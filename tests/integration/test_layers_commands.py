"""`dockerlab analyze` and `dockerlab graph` on real engines, as a terminal runs them."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.engines.engine import Engine
from tests.engines.images import busybox, layer, on_top_of


@pytest.fixture
def images(engine: Engine) -> tuple[str, str]:
    """Two images that share a layer."""
    above = layer({"bin/.wh.busybox": "", "srv/page": "x" * 10}, made_by="RUN rm /bin/busybox")
    for name, image in (("cmd-base:1", busybox()), ("cmd-less:1", on_top_of(busybox(), above))):
        assert engine.docker("load", stdin=image.archive(name)).returncode == 0
    return "cmd-base:1", "cmd-less:1"


def dockerlab(
    engine: Engine, cache: Path, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    environment = {
        **engine.environment,
        "XDG_CACHE_HOME": str(cache),
        "DOCKERLAB_LANG": "en",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    command = [sys.executable, "-m", "dockerlab.cli", *arguments]
    return subprocess.run(
        command, input=stdin, env=environment, capture_output=True, check=False, timeout=60
    )


def test_analyze(engine: Engine, images: tuple[str, str], tmp_path: Path) -> None:
    shown = dockerlab(engine, tmp_path, "analyze", images[1])
    assert shown.returncode == 0, shown.stderr
    assert b"RUN rm /bin/busybox" in shown.stdout
    assert b"/bin/busybox" in shown.stdout.splitlines()[-1]
    limited = dockerlab(engine, tmp_path, "analyze", images[1], "--max-wasted", "1MB")
    assert limited.returncode == 3
    documents = [
        json.loads(dockerlab(engine, tmp_path, "analyze", "--json", *where, stdin=data).stdout)
        for where, data in (
            ([images[1]], b""),
            (["-"], engine.docker("save", images[1]).stdout),
        )
    ]
    # The same image, cold and warm, from the engine and through a pipe.
    assert documents[0]["layers"] == documents[1]["layers"]
    assert documents[0]["image"]["wasted_bytes"] == documents[1]["image"]["wasted_bytes"] > 0


def test_an_image_that_is_not_there(engine: Engine, tmp_path: Path) -> None:
    missing = dockerlab(engine, tmp_path, "analyze", "no-such-image")
    assert missing.returncode == 1
    assert b"The engine has no image named no-such-image." in missing.stderr


def test_graph(engine: Engine, images: tuple[str, str], tmp_path: Path) -> None:
    picture = tmp_path / "images.svg"
    drawn = dockerlab(engine, tmp_path, "graph", *images, "-o", str(picture))
    assert drawn.returncode == 0, drawn.stderr
    assert b"cmd-base:1" in drawn.stdout
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own
    everything = dockerlab(engine, tmp_path, "graph", "-o", str(picture))
    assert b"cmd-less:1" in everything.stdout
    unwritable = dockerlab(engine, tmp_path, "graph", *images, "-o", "/no/such/folder/x.svg")
    assert unwritable.returncode == 1
    assert b"cannot be written" in unwritable.stderr
