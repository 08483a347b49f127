"""Where an engine is looked for, and in which order."""

import hashlib
import json
from pathlib import Path

import pytest

from dockerlab.connection.candidates import Source, Surroundings, candidates
from dockerlab.connection.facts import EngineKind
from dockerlab.errors import ContextUnknown, EngineAbsent


def around(home: Path, **environ: str) -> Surroundings:
    return Surroundings(environ=environ, home=home, uid=1000)


def make_context(
    home: Path, name: str, host: str, *, current: bool = True, certificates: bool = False
) -> None:
    identity = hashlib.sha256(name.encode()).hexdigest()
    folder = home / ".docker" / "contexts"
    (folder / "meta" / identity).mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (folder / "meta" / identity / "meta.json").write_text(json.dumps(meta))
    if current:
        (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name}))
    if certificates:
        (folder / "tls" / identity / "docker").mkdir(parents=True)


def sources(where: Surroundings) -> list[Source]:
    return [candidate.source for candidate in candidates(where)]


def test_nothing_named_looks_everywhere_and_ends_with_the_embedded_engine(tmp_path: Path) -> None:
    found = candidates(around(tmp_path, XDG_RUNTIME_DIR="/run/user/7"))
    assert [str(one.address) for one in found[:2]] == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/docker.sock",
    ]
    assert [one.source for one in found[-4:]] == [
        Source.PODMAN_ROOTLESS,
        Source.PODMAN,
        Source.PODMAN_MACHINE,
        Source.EMBEDDED,
    ]
    assert not any(one.named for one in found)


def test_docker_host_is_the_only_candidate(tmp_path: Path) -> None:
    make_context(tmp_path, "elsewhere", "tcp://elsewhere:2376")
    [only] = candidates(around(tmp_path, DOCKER_HOST="tcp://here:2375"))
    assert (only.source, only.named, str(only.address)) == (Source.HOST, True, "tcp://here:2375")


def test_docker_host_with_tls(tmp_path: Path) -> None:
    where = around(
        tmp_path,
        DOCKER_HOST="tcp://here:2376",
        DOCKER_TLS_VERIFY="1",
        DOCKER_CERT_PATH="/certificates",
    )
    [only] = candidates(where)
    assert only.address is not None
    assert (only.address.tls, only.address.verify) == (True, True)
    assert only.address.certificates == Path("/certificates")


def test_the_current_context_is_the_users_wish(tmp_path: Path) -> None:
    make_context(tmp_path, "elsewhere", "unix:///run/elsewhere.sock")
    [only] = candidates(around(tmp_path))
    assert (only.source, only.named) == (Source.CONTEXT, True)
    assert str(only.address) == "unix:///run/elsewhere.sock"


def test_docker_context_wins_over_the_configured_one(tmp_path: Path) -> None:
    make_context(tmp_path, "configured", "unix:///run/configured.sock")
    make_context(tmp_path, "named", "unix:///run/named.sock", current=False)
    [only] = candidates(around(tmp_path, DOCKER_CONTEXT="named"))
    assert str(only.address) == "unix:///run/named.sock"


def test_a_contexts_certificates_are_used(tmp_path: Path) -> None:
    make_context(tmp_path, "secure", "tcp://there:2376", certificates=True)
    [only] = candidates(around(tmp_path))
    assert only.address is not None
    assert only.address.tls
    assert only.address.certificates is not None
    assert only.address.certificates.is_dir()


def test_the_default_context_names_nothing(tmp_path: Path) -> None:
    assert len(sources(around(tmp_path, DOCKER_CONTEXT="default"))) > 1


def test_a_context_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(ContextUnknown, match="gone"):
        candidates(around(tmp_path, DOCKER_CONTEXT="gone"))


@pytest.mark.parametrize("config", ["{", "[]", '{"currentContext": 3}', ""])
def test_a_broken_configuration_means_the_default_context(tmp_path: Path, config: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(config)
    assert sources(around(tmp_path))[-1] is Source.EMBEDDED


def test_docker_config_names_another_folder(tmp_path: Path) -> None:
    make_context(tmp_path, "elsewhere", "unix:///run/elsewhere.sock")
    where = around(Path("/nowhere"), DOCKER_CONFIG=str(tmp_path / ".docker"))
    assert sources(where) == [Source.CONTEXT]


def test_what_dockerlab_found_before_is_no_wish_of_the_user(tmp_path: Path) -> None:
    address = "unix:///run/user/1000/dockerlab/engine.sock"
    found = candidates(around(tmp_path, DOCKER_HOST=address, DOCKERLAB_FOUND=address))
    assert (found[0].source, found[0].named) == (Source.FOUND, False)
    assert found[1].source is Source.DEFAULT
    assert found[-1].source is Source.EMBEDDED


@pytest.mark.parametrize("engine", list(EngineKind))
def test_dockerlab_engine_asks_for_one_kind(tmp_path: Path, engine: EngineKind) -> None:
    found = candidates(around(tmp_path, DOCKERLAB_ENGINE=engine.value.upper()))
    assert found
    assert {one.kind for one in found} == {engine}


def test_the_embedded_engine_by_name_wins_over_docker_host(tmp_path: Path) -> None:
    where = around(tmp_path, DOCKERLAB_ENGINE="embedded", DOCKER_HOST="tcp://here:2375")
    assert sources(where) == [Source.EMBEDDED]


def test_podman_is_started_only_when_it_is_named(tmp_path: Path) -> None:
    assert Source.PODMAN_STARTED not in sources(around(tmp_path))
    assert sources(around(tmp_path, DOCKERLAB_ENGINE="podman"))[-1] is Source.PODMAN_STARTED


def test_an_engine_unheard_of(tmp_path: Path) -> None:
    with pytest.raises(EngineAbsent, match="rocket"):
        candidates(around(tmp_path, DOCKERLAB_ENGINE="rocket"))
