"""Find engines that really run: Docker by every way, Podman, and the embedded one."""

import json
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockerlab.connection import Address, EngineKind, Source, find
from dockerlab.connection.candidates import FOUND_VARIABLE, Surroundings
from dockerlab.errors import (
    ConnectionProblem,
    EngineAbsent,
    NoEngine,
    NothingListens,
    SocketForbidden,
    TLSProblem,
)
from tests.engines.engine import Engine
from tests.engines.programs import need, need_root
from tests.engines.user import ordinary_user

DOCKERLAB = (sys.executable, "-m", "dockerlab.cli")


def around(home: Path, *, docker_socket: Path | None = None, **environ: str) -> Surroundings:
    runtime = {"XDG_RUNTIME_DIR": str(home / "run")}
    return Surroundings(
        environ={**runtime, **environ},
        home=home,
        uid=os.getuid(),
        docker_socket=docker_socket or home / "no.sock",
        podman_socket=home / "no-podman.sock",
    )


def test_docker_host(docker_engine: Engine, tmp_path: Path) -> None:
    found = find(around=around(tmp_path, DOCKER_HOST=docker_engine.host))
    assert found.source is Source.HOST
    assert found.facts.kind is EngineKind.DOCKER
    assert found.facts.version == found.client.version()["Version"]
    assert found.facts.mirrors
    assert not found.facts.rootless
    found.client.close()


def test_the_default_socket_and_what_it_exports(docker_engine: Engine, tmp_path: Path) -> None:
    found = find(around=around(tmp_path, docker_socket=docker_engine.socket))
    assert found.source is Source.DEFAULT
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/gone"}
    found.export(environ)
    assert environ == {"DOCKER_HOST": docker_engine.host, FOUND_VARIABLE: docker_engine.host}
    where = around(tmp_path, DOCKER_HOST=docker_engine.host, DOCKERLAB_FOUND=docker_engine.host)
    again = find(around=where)
    assert again.source is Source.FOUND
    for connection in (found, again):
        connection.client.close()


def test_what_was_found_before_and_is_gone_is_looked_for_again(
    docker_engine: Engine, tmp_path: Path
) -> None:
    gone = f"unix://{tmp_path}/gone.sock"
    where = around(
        tmp_path,
        docker_socket=docker_engine.socket,
        DOCKER_HOST=gone,
        DOCKERLAB_FOUND=gone,
    )
    found = find(around=where)
    assert found.source is Source.DEFAULT
    found.client.close()


def test_what_the_user_named_fails_aloud(docker_engine: Engine, tmp_path: Path) -> None:
    where = around(tmp_path, docker_socket=docker_engine.socket, DOCKER_HOST="tcp://127.0.0.1:1")
    with pytest.raises(NothingListens):
        find(around=where)


def test_another_engine_than_the_named_one(
    docker_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = around(tmp_path, DOCKERLAB_ENGINE="podman", DOCKER_HOST=docker_engine.host)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineAbsent, match="Docker"):
        find(around=where)


def test_a_context_made_by_the_docker_command(docker_engine: Engine, tmp_path: Path) -> None:
    config = tmp_path / ".docker"
    environ = {**os.environ, "DOCKER_CONFIG": str(config)}
    environ.pop("DOCKER_HOST", None)
    for command in (
        ["context", "create", "mine", "--docker", f"host={docker_engine.host}"],
        ["context", "use", "mine"],
    ):
        subprocess.run(["docker", *command], env=environ, check=True, capture_output=True)
    found = find(around=around(tmp_path))
    assert (found.source, found.address.url) == (Source.CONTEXT, docker_engine.host)
    found.client.close()


def test_a_socket_that_only_others_may_open(docker_engine: Engine, tmp_path: Path) -> None:
    need_root()
    user = ordinary_user(tmp_path)
    for folder in tmp_path.parents:  # pytest's own folders are for root's eyes only
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    program = (
        "from dockerlab.connection import Address, probe\n"
        "from dockerlab.errors import SocketForbidden\n"
        f"address = Address({docker_engine.host!r})\n"
        "try: probe(address)\n"
        "except SocketForbidden as error: print(error)\n"
    )
    done = subprocess.run(
        user.command(str(user.python), "-c", program),
        env={**user.environment, "DOCKERLAB_LANG": "en"},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usermod -aG docker" in done.stdout
    assert SocketForbidden.key == "connection.socket_forbidden"


def test_nothing_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(NoEngine) as caught:
        find(around=around(tmp_path))
    assert "Docker Desktop" in str(caught.value)


@contextmanager
def podman_free_of_limits(folder: Path) -> Iterator[Mapping[str, str]]:
    """Settings with which Podman runs where raising limits is refused."""
    settings = folder / "containers.conf"
    settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024"]\n')
    yield {"CONTAINERS_CONF": str(settings)}


def test_podman_is_started_when_it_is_named(
    session_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("podman", package="podman")
    runtime = session_directory / "podman-run"
    runtime.mkdir()
    with podman_free_of_limits(tmp_path) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        where = around(tmp_path, DOCKERLAB_ENGINE="podman", XDG_RUNTIME_DIR=str(runtime))
        found = find(around=where)
        again = find(around=where)
    try:
        assert (found.source, found.facts.kind) == (Source.PODMAN_STARTED, EngineKind.PODMAN)
        assert found.address == again.address
        assert found.facts.identity == again.facts.identity
    finally:
        for connection in (found, again):
            connection.client.close()
        _end_podman(found.address)


def _end_podman(address: Address) -> None:
    """End the service that listens on this socket, and no other."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if address.url in command:
            os.kill(int(process.name), 15)


@pytest.fixture(scope="module")
def certificates(session_directory: Path) -> Path:
    """A certificate authority, and what it signed for an engine and for a client."""
    openssl = need("openssl", package="openssl")
    folder = session_directory / "certificates"
    folder.mkdir()

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    fresh = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    run("req", "-x509", *fresh, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        run("req", *fresh[:3], "-keyout", f"{name}-key.pem", "-out", "r", "-subj", f"/CN={name}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2")
        run("x509", "-req", "-in", "r", *signing, "-extfile", "names", "-out", f"{name}.pem")
    (folder / "client.pem").rename(folder / "cert.pem")
    (folder / "client-key.pem").rename(folder / "key.pem")
    return folder


@pytest.fixture
def secured(docker_engine: Engine, certificates: Path) -> Iterator[str]:
    """The Docker Engine behind TLS, which asks for a client's certificate as dockerd does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                call, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_relay, args=(call, context, docker_engine.socket)).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def _relay(call: socket.socket, context: ssl.SSLContext, engine: Path) -> None:
    try:
        with (
            context.wrap_socket(call, server_side=True) as near,
            socket.socket(socket.AF_UNIX) as far,
        ):
            far.connect(str(engine))
            back = threading.Thread(target=_copy, args=(far, near))
            back.start()
            _copy(near, far)
            far.shutdown(socket.SHUT_WR)
            back.join()
    except OSError:
        call.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


def test_tls_by_environment(secured: str, certificates: Path, tmp_path: Path) -> None:
    where = around(
        tmp_path,
        DOCKER_HOST=secured,
        DOCKER_TLS_VERIFY="1",
        DOCKER_CERT_PATH=str(certificates),
    )
    found = find(around=where)
    assert found.facts.kind is EngineKind.DOCKER
    assert found.client.ping()
    found.client.close()


def test_tls_by_context(secured: str, certificates: Path, tmp_path: Path) -> None:
    files = {"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
    options = ",".join(f"{name}={certificates / file}" for name, file in files.items())
    environ = {**os.environ, "DOCKER_CONFIG": str(tmp_path / ".docker")}
    environ.pop("DOCKER_HOST", None)
    command = ["docker", "context", "create", "far", "--docker", f"host={secured},{options}"]
    subprocess.run(command, env=environ, check=True, capture_output=True)
    found = find(around=around(tmp_path, DOCKER_CONTEXT="far"))
    assert found.client.ping()
    variables = found.address.environment()
    assert variables["DOCKER_TLS_VERIFY"] == "1"
    # The same variables lead the real `docker` there.
    plain = {name: value for name, value in variables.items() if value is not None}
    done = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"],
        env={**os.environ, **plain, "DOCKER_CONFIG": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == found.facts.version
    found.client.close()


@pytest.mark.parametrize("missing", ["ca.pem", "cert.pem"])
def test_tls_with_the_wrong_certificates(
    secured: str, certificates: Path, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "certificates"
    shutil.copytree(certificates, folder)
    (folder / missing).unlink()
    where = around(
        tmp_path, DOCKER_HOST=secured, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(folder)
    )
    with pytest.raises(TLSProblem):
        find(around=where)


def test_plain_words_to_a_secured_engine(secured: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectionProblem):
        find(around=around(tmp_path, DOCKER_HOST=secured))


def test_the_embedded_engine_is_started_and_found_again(
    session_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = session_directory / "embedded-home"
    for name in ("data", "run"):
        (home / name).mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    where = around(tmp_path, DOCKERLAB_ENGINE="embedded")
    found = find(around=where)
    try:
        again = find(around=where)
        assert found.facts.kind is EngineKind.EMBEDDED
        assert found.source is Source.EMBEDDED
        assert again.address == found.address
        assert again.facts.identity == found.facts.identity
        again.client.close()
    finally:
        found.client.close()
        subprocess.run([*DOCKERLAB, "engine", "stop"], check=True, capture_output=True)


def test_the_command_leads_docker_to_the_engine(docker_engine: Engine) -> None:
    environ = {**docker_engine.environment, "DOCKERLAB_LANG": "en"}
    command = shlex.join([*DOCKERLAB, "connect", "--print-env"])
    script = f'eval "$({command})" && docker version --format {{{{.Server.Os}}}}'
    done = subprocess.run(
        ["sh", "-c", script], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "linux\n"


def test_the_doctor_in_json(docker_engine: Engine) -> None:
    environ = {**docker_engine.environment, "DOCKERLAB_LANG": "en"}
    done = subprocess.run(
        [*DOCKERLAB, "doctor", "--json"], env=environ, capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    assert report["ready"] is True
    assert report["engine"]["kind"] == "docker"
    assert report["places"][0] == {
        "source": "source.host",
        "address": docker_engine.host,
        "taken": True,
        "outcome": "",
    }


def test_the_doctor_says_no(docker_engine: Engine) -> None:
    environ = {**docker_engine.environment, "DOCKER_HOST": "tcp://127.0.0.1:1"}
    done = subprocess.run(
        [*DOCKERLAB, "doctor"],
        env={**environ, "DOCKERLAB_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Nothing listens at tcp://127.0.0.1:1" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_errors_of_the_command_are_sentences(language: str) -> None:
    done = subprocess.run(
        [*DOCKERLAB, "connect"],
        env={**os.environ, "DOCKER_HOST": "ssh://nobody@nowhere", "DOCKERLAB_LANG": language},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "ssh" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [[], ["connect"], ["doctor"], ["engine"], ["engine", "start"], ["engine", "run"], ["cleanup"]],
    ids=" ".join,
)
def test_every_command_has_help(command: list[str]) -> None:
    done = subprocess.run(
        [*DOCKERLAB, *command, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("usage: dockerlab")
