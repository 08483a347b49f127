"""The stand-ins' forms: honest, labelled, sharing layers, and the same bytes each time."""

import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from dockerlab.errors import StandInProblem
from dockerlab.standins import packs, write_layout
from dockerlab.standins.catalog import make_standin, standin_names
from dockerlab.standins.image import docker_archive
from dockerlab.standins.layer import Entry, make_layer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made from a Linux machine")


def files(layer: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return {member.name: member for member in tar}


@pytest.mark.parametrize("name", standin_names())
def test_it_says_that_it_is_one(name: str) -> None:
    config = json.loads(make_standin(name).config)
    assert config["config"]["Labels"] == {
        "org.dockerlab.lesson": "any",
        "org.dockerlab.standin": name,
    }
    assert all(entry["comment"] == "dockerlab stand-in" for entry in config["history"])


@pytest.mark.parametrize("name", ["centos", "ubuntu", "debian"])
def test_its_os_release_is_honest(name: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(make_standin(name).layers[-1].tar)) as tar:
        member = tar.extractfile("etc/os-release")
        assert member is not None
        release = member.read().decode()
    assert f'NAME="dockerlab stand-in for {name}"' in release
    assert "ID=dockerlab\n" in release


def test_layers_are_shared() -> None:
    centos, ubuntu, debian = (make_standin(name) for name in ("centos", "ubuntu", "debian"))
    assert centos.layers[:2] == ubuntu.layers[:2]
    assert centos.layers[0] == debian.layers[0]
    assert len({centos.image_id, ubuntu.image_id, debian.image_id}) == 3


def test_no_file_is_in_two_layers() -> None:
    base, tools, _ = (files(layer.tar) for layer in make_standin("centos").layers)
    twice = {name for name in base.keys() & tools.keys() if not base[name].isdir()}
    assert not twice


def test_nothing_of_this_machine_but_its_programs() -> None:
    for layer in make_standin("centos").layers:
        for member in files(layer.tar).values():
            assert (member.uid, member.gid, member.uname) == (0, 0, "")
            assert member.mtime == 1748736000
            assert not member.mode & 0o6000
            assert not member.name.startswith(("/", ".."))


def test_parents_come_before_children_and_links_after_files() -> None:
    for layer in make_standin("centos").layers[:1]:
        seen: set[str] = set()
        for member in files(layer.tar).values():
            parent = str(Path(member.name).parent)
            assert parent in seen | {"."}
            seen.add(member.name)


def test_the_same_bytes_in_another_process() -> None:
    program = (
        "from dockerlab.standins.catalog import make_standin as m; print(m('centos').image_id)"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": "/nowhere"},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }
    assert ids == {make_standin("centos").image_id + "\n"}


def test_the_archive_has_what_docker_load_wants() -> None:
    images = [make_standin("hello-world"), make_standin("centos"), make_standin("ubuntu")]
    with tarfile.open(fileobj=io.BytesIO(docker_archive(images))) as tar:
        names = tar.getnames()
        manifest_file = tar.extractfile("manifest.json")
        assert manifest_file is not None
        manifest = json.load(manifest_file)
        for entry in manifest:
            config_file = tar.extractfile(entry["Config"])
            assert config_file is not None
            diff_ids = json.load(config_file)["rootfs"]["diff_ids"]
            for path, diff_id in zip(entry["Layers"], diff_ids, strict=True):
                layer_file = tar.extractfile(path)
                assert layer_file is not None
                assert "sha256:" + hashlib.sha256(layer_file.read()).hexdigest() == diff_id
    assert len(names) == len(set(names))
    assert [entry["RepoTags"] for entry in manifest] == [
        ["docker.io/library/hello-world:latest"],
        ["docker.io/library/centos:latest"],
        ["docker.io/library/ubuntu:latest"],
    ]


def test_the_layout_is_whole(tmp_path: Path) -> None:
    write_layout(tmp_path / "pack")
    blobs = tmp_path / "pack" / "blobs" / "sha256"
    for blob in blobs.iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    index = json.loads((tmp_path / "pack" / "index.json").read_bytes())
    names = [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]]
    assert names == [make_standin(name).reference for name in standin_names()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pack"]


def test_hello_world_is_for_both_processors(tmp_path: Path) -> None:
    write_layout(tmp_path / "pack")
    index = json.loads((tmp_path / "pack" / "index.json").read_bytes())
    [pointer] = [
        entry
        for entry in index["manifests"]
        if entry["annotations"]["io.containerd.image.name"].endswith("/hello-world:latest")
    ]
    blob = tmp_path / "pack/blobs/sha256" / pointer["digest"].removeprefix("sha256:")
    platforms = [entry["platform"] for entry in json.loads(blob.read_bytes())["manifests"]]
    assert [platform["architecture"] for platform in platforms] == ["amd64", "arm64"]


def test_packs_are_made_once(tmp_path: Path) -> None:
    [first] = packs(cache=tmp_path, environ={})
    made = (first / "index.json").stat().st_mtime_ns
    found = packs(cache=tmp_path, environ={"DOCKERLAB_PACKS": "/one:/two"})
    assert list(found) == [Path("/one"), Path("/two"), first]
    assert (first / "index.json").stat().st_mtime_ns == made


def test_a_layout_that_stands_is_kept(tmp_path: Path) -> None:
    write_layout(tmp_path / "pack")
    write_layout(tmp_path / "pack")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pack"]


def test_what_there_is_not() -> None:
    with pytest.raises(StandInProblem, match="postgres"):
        make_standin("postgres")
    with pytest.raises(StandInProblem, match="riscv64"):
        make_standin("hello-world", architecture="riscv64")


@pytest.mark.skipif(platform.machine() == "s390x", reason="this machine is that other one")
def test_this_machines_programs_run_on_its_own_kind_only() -> None:
    with pytest.raises(StandInProblem, match="s390x"):
        make_standin("centos", architecture="s390x")


def test_a_layer_does_not_depend_on_the_order_of_its_entries() -> None:
    entries = [
        Entry("b", data=b"2"),
        Entry("a", data=b"1"),
        Entry("c", tarfile.LNKTYPE, target="b"),
    ]
    assert make_layer(entries, made_by="x") == make_layer(reversed(entries), made_by="x")


def test_nginx_alpine_is_built_on_the_slim_one() -> None:
    slim, whole = make_standin("nginx:alpine-slim"), make_standin("nginx:alpine")
    assert whole.layers[:-1] == slim.layers
    assert (slim.reference, whole.reference) == (
        "docker.io/library/nginx:alpine-slim",
        "docker.io/library/nginx:alpine",
    )
