"""Packs on real engines: made from a registry or an engine, the same bytes, loaded anywhere."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from dockerlab.packs import PackProblem, create_pack, load_pack, opened, read_pack
from dockerlab.standins.catalog import make_standin
from dockerlab.standins.ensure import ensure_images
from dockerlab.standins.image import docker_archive
from tests.engines.emptying import empty
from tests.engines.engine import Engine, environment_for
from tests.engines.images import busybox
from tests.engines.programs import need, need_root
from tests.engines.registry import Registry

NAMES = ["docker.io/library/busybox:1.36", "docker.io/library/tool:latest"]


@pytest.fixture(scope="module", params=["docker", "oci-root", "oci-user"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(f"{request.param.replace('-', '_')}_engine")
    return found


@pytest.fixture
def client(engine: Engine) -> Iterator[docker.DockerClient]:
    client = engine.client()
    yield client
    client.close()
    empty(engine)


@pytest.fixture(scope="module")
def pack(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of two images that share a layer, made through the Docker Engine."""
    path = tmp_path_factory.mktemp("packs") / "pack"
    client = docker_engine.client()
    create_pack(client, path, NAMES)
    client.close()
    return path


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def run(engine: Engine, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dockerlab.cli", "pack", *arguments],
        env={**engine.environment, "DOCKERLAB_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_from_any_engine_the_same_bytes(
    client: docker.DockerClient, pack: Path, tmp_path: Path
) -> None:
    create_pack(client, tmp_path / "again", reversed_names())
    assert files(tmp_path / "again") == files(pack)
    assert client.images.list() == [], "what was pulled for the pack is gone again"
    assert [path.name for path in tmp_path.iterdir()] == ["again"], "nothing else is left"


def reversed_names() -> list[str]:
    return [*reversed(NAMES), NAMES[0]]


def test_from_the_engine_as_from_the_registry(
    engine: Engine, client: docker.DockerClient, pack: Path, tmp_path: Path
) -> None:
    for name in ("busybox:1.36", "tool"):
        assert engine.docker("pull", name).returncode == 0
    create_pack(client, tmp_path / "own", NAMES)
    assert files(tmp_path / "own") == files(pack)
    assert len(client.images.list()) == len(NAMES), "the engine's own stay"


def test_one_file_and_back(client: docker.DockerClient, pack: Path, tmp_path: Path) -> None:
    for name in ("a.tar.zst", "b.tar.zst"):
        create_pack(client, tmp_path / name, NAMES)
    assert (tmp_path / "a.tar.zst").read_bytes() == (tmp_path / "b.tar.zst").read_bytes()
    with opened(tmp_path / "a.tar.zst") as unpacked:
        assert files(unpacked.folder) == files(pack)


def test_what_the_engine_has_is_taken_as_it_is(
    engine: Engine, client: docker.DockerClient, tmp_path: Path
) -> None:
    assert engine.docker("pull", "busybox:1.36").returncode == 0
    assert engine.docker("tag", "busybox:1.36", "mine:1").returncode == 0
    own = create_pack(client, tmp_path / "pack", ["docker.io/library/mine:1"])
    [variant] = own.images[0].variants
    assert variant.config.digest == client.images.get("mine:1").id
    assert sorted(client.images.get("mine:1").tags) == ["busybox:1.36", "mine:1"]


def test_a_name_that_pulling_moved_goes_back(client: docker.DockerClient, tmp_path: Path) -> None:
    tool = client.images.pull("tool", tag="latest")
    tool.tag("busybox", "1.36")
    made = create_pack(client, tmp_path / "pack", [NAMES[0]], pull=True)
    assert made.images[0].variants[0].config.digest != tool.id
    assert client.images.get("busybox:1.36").id == tool.id
    assert len(client.images.list()) == 1


def test_for_several_platforms(
    engine: Engine, client: docker.DockerClient, registry: Registry, tmp_path: Path
) -> None:
    own = busybox()
    other = "arm64" if own.architecture == "amd64" else "amd64"
    registry.push_for_platforms([own, replace(own, architecture=other)], "library/both")
    client.images.pull("both", tag="latest")
    before = client.images.get("both").id
    path = tmp_path / "pack"
    platforms = ["linux/arm64", "linux/amd64"]
    made = create_pack(client, path, ["docker.io/library/both:latest"], platforms=platforms)
    assert [str(each.platform) for each in made.images[0].variants] == sorted(platforms)
    assert [image.id for image in client.images.list()] == [before]
    client.images.remove("both")
    assert load_pack(client, read_pack(path)).new == ["docker.io/library/both:latest"]
    assert client.images.get("both").id == before
    chosen = load_pack(client, read_pack(path), platform=f"linux/{other}", replace=True)
    assert (chosen.platform, chosen.new) == (f"linux/{other}", ["docker.io/library/both:latest"])
    assert client.images.get("both").attrs["Architecture"] == other
    with pytest.raises(PackProblem, match=r"s390x|could not be had"):
        create_pack(client, tmp_path / "none", [NAMES[0]], platforms=["linux/s390x"])


def test_a_lesson_takes_it_where_no_registry_answers(
    engine: Engine, client: docker.DockerClient, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`no.registry.invalid` is a registry that nobody will ever reach (RFC 2606)."""
    client.images.pull("tool", tag="latest").tag("no.registry.invalid/tool", "1")
    client.images.remove("tool")
    name = "no.registry.invalid/tool:1"
    path = pack.with_name(f"other-{engine.name}")
    create_pack(client, path, [name])
    client.images.remove(name)
    monkeypatch.setenv("DOCKERLAB_PACKS", f"{path.with_name('not-there')}:{path}")
    said: list[str] = []
    assert ensure_images(client, [name], say=said.append).real == [name]
    assert client.images.get(name).tags == [name]
    assert "There is no pack at" in said[0]


def test_loaded_it_runs(engine: Engine, client: docker.DockerClient, pack: Path) -> None:
    loaded = load_pack(client, read_pack(pack))
    assert loaded.new == NAMES
    done = engine.docker("run", "--rm", "--network", "none", "tool")
    assert (done.stdout, done.returncode) == (b"tool\n", 0), done.stderr
    again = load_pack(client, read_pack(pack))
    assert (again.new, again.present) == ([], NAMES)


def test_the_learners_image_is_kept_unless_told(client: docker.DockerClient, pack: Path) -> None:
    own = client.images.pull("page", tag="latest")
    own.tag("tool", "latest")
    loaded = load_pack(client, read_pack(pack))
    assert (loaded.kept, loaded.new) == ([NAMES[1]], [NAMES[0]])
    assert client.images.get("tool").id == own.id
    loaded = load_pack(client, read_pack(pack), images=[NAMES[1]], replace=True)
    assert loaded.new == [NAMES[1]]
    assert client.images.get("tool").id != own.id
    assert client.images.get("page").id == own.id


def test_the_command(engine: Engine, client: docker.DockerClient, tmp_path: Path) -> None:
    path = tmp_path / "course.tar.zst"
    made = run(engine, "create", str(path), "tool", "busybox:1.36")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"The pack {path} is made. Images: 2. Size: ")
    assert "Pulling docker.io/library/tool:latest" in made.stderr
    assert run(engine, "create", str(path), "tool").returncode == 1
    listed = run(engine, "list", str(path))
    assert "tool:latest                  linux/amd64" in listed.stdout
    [busybox, tool] = json.loads(run(engine, "list", "--json", str(path)).stdout)
    assert (busybox["name"], tool["name"]) == tuple(NAMES)
    assert run(engine, "verify", str(path)).stdout.startswith("The pack is whole. Images: 2.")
    loaded = run(engine, "load", str(path), "tool")
    assert (loaded.returncode, loaded.stdout) == (0, "tool:latest: loaded.\n"), loaded.stderr
    assert client.images.get("tool").id == tool["variants"][0]["image_id"]


def test_what_cannot_be_had_is_said(
    engine: Engine, client: docker.DockerClient, tmp_path: Path
) -> None:
    made = run(engine, "create", str(tmp_path / "pack"), "no-such-image-anywhere")
    assert made.returncode == 1
    last = made.stderr.splitlines()[-1]
    assert "docker.io/library/no-such-image-anywhere:latest could not be had." in last
    assert not (tmp_path / "pack").exists()


def test_no_pack_holds_a_stand_in(client: docker.DockerClient, tmp_path: Path) -> None:
    client.images.load(docker_archive([make_standin("hello-world")]))
    with pytest.raises(PackProblem, match="stand-in"):
        create_pack(client, tmp_path / "pack", ["docker.io/library/hello-world:latest"])


def test_an_interrupted_run_goes_on(
    client: docker.DockerClient, pack: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pack"
    with pytest.raises(Exception, match="no-such-image"):
        create_pack(client, path, [NAMES[0], "docker.io/library/no-such-image:latest"])
    said: list[str] = []
    create_pack(client, path, NAMES, say=said.append)
    assert any(line.startswith(NAMES[0]) for line in said)
    assert not any("Pulling" in line and NAMES[0] in line for line in said)
    assert files(path) == files(pack)


def test_damage_is_named_and_nothing_loaded(
    engine: Engine, client: docker.DockerClient, tmp_path: Path
) -> None:
    path = tmp_path / "pack"
    made = create_pack(client, path, NAMES)
    layer = made.images[0].variants[0].layers[0].digest
    blob = path / "blobs" / "sha256" / layer.removeprefix("sha256:")
    data = bytearray(blob.read_bytes())
    data[1000] ^= 1
    blob.write_bytes(data)
    for verb in ("verify", "load"):
        done = run(engine, verb, str(path))
        assert done.returncode == 1
        assert layer in done.stderr
        assert "tool:latest" in done.stderr
    assert client.images.list() == []


def test_the_embedded_engine_uses_a_folder_in_place(pack: Path, session_directory: Path) -> None:
    """As `docs/offline.md` says: DOCKERLAB_PACKS, no registry, and nothing is loaded first."""
    need_root()
    need("crun", package="crun")
    root = session_directory / "packed"
    socket = root / "engine.sock"
    config = session_directory / "packed-client"
    config.mkdir()
    environment = {
        **environment_for(socket, config=config),
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "DOCKERLAB_PACKS": str(pack),
        "XDG_CACHE_HOME": str(session_directory / "packed-cache"),
    }

    def command(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            arguments, env=environment, capture_output=True, check=False, timeout=100
        )

    lab = [sys.executable, "-m", "dockerlab.cli", "engine"]
    place = ["--root", str(root)]
    assert command(*lab, "start", *place, "--socket", str(socket)).returncode == 0
    try:
        done = command("docker", "run", "--rm", "--network", "none", "tool")
        assert (done.stdout, done.returncode) == (b"tool\n", 0), done.stderr
        assert b"Pull complete" in done.stderr
    finally:
        command(*lab, "stop", *place)
    assert os.access(pack / "index.json", os.R_OK)
