"""The engines and the registry that the other suites stand on are what they say they are."""

from contextlib import closing

from tests.engines.engine import Engine
from tests.engines.registry import Registry


def test_the_reference_is_a_current_docker_engine(docker_engine: Engine) -> None:
    answer = docker_engine.docker("version", "--format", "{{.Server.APIVersion}}")
    major, minor = answer.stdout.decode().split(".")
    assert (int(major), int(minor)) >= (1, 51)


def test_an_image_really_comes_through_the_mirror(
    docker_engine: Engine, registry: Registry
) -> None:
    before = registry.log.read_text().count("/v2/library/busybox/blobs/")
    pulled = docker_engine.docker("pull", "busybox")
    assert pulled.returncode == 0, pulled.stderr
    assert registry.log.read_text().count("/v2/library/busybox/blobs/") > before


def test_a_container_says_what_it_was_asked_to_say(docker_engine: Engine) -> None:
    ran = docker_engine.docker("run", "--rm", "--network", "none", "busybox", "echo", "hello")
    assert (ran.returncode, ran.stdout) == (0, b"hello\n"), ran.stderr


def test_images_share_layers(docker_engine: Engine) -> None:
    with closing(docker_engine.client()) as client:
        tool, page = (client.images.pull(name, "latest") for name in ("tool", "page"))
    assert page.attrs["RootFS"]["Layers"][:2] == tool.attrs["RootFS"]["Layers"]


def test_the_embedded_engine_runs_as_whom_it_says(embedded_engine: Engine) -> None:
    owner = embedded_engine.socket.stat().st_uid
    assert (owner == 0) == (embedded_engine.name == "oci-root")


def test_every_engine_answers_the_cli(engine: Engine) -> None:
    answer = engine.docker("version", "--format", "{{.Server.APIVersion}}")
    assert answer.returncode == 0, answer.stderr


def test_the_lessons_images_run(docker_engine: Engine) -> None:
    hello = docker_engine.docker("run", "--rm", "--network", "none", "hello-world")
    assert b"Hello from a container!" in hello.stdout, hello.stderr
    centos = docker_engine.docker(
        "run", "--rm", "--network", "none", "centos", "bash", "-c", "id -u"
    )
    assert centos.stdout == b"0\n", centos.stderr
