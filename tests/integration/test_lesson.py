"""A lesson removes what it made, and nothing else, on a real engine."""

import io
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import BuildError

from dockerlab.notebook import lesson as lessons
from dockerlab.notebook.cleanup import cleanup
from dockerlab.notebook.lesson import start_lesson
from tests.engines.engine import Engine

LABEL = "org.dockerlab.lesson"


@pytest.fixture
def client(
    docker_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[docker.DockerClient]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    client = docker_engine.client()
    existing = {container.id for container in client.containers.list(all=True)}
    yield client
    for container in client.containers.list(all=True):
        if container.id not in existing:
            container.remove(force=True)
    for name in ("busybox", "learners-own"):
        if any(name in tag for image in client.images.list() for tag in image.tags):
            client.images.remove(name, force=True)
    client.close()


def ids(client: docker.DockerClient) -> set[str]:
    return {str(container.id) for container in client.containers.list(all=True)}


def run(client: docker.DockerClient, image: str = "busybox") -> str:
    made = client.containers.create(image, ["true"], network_mode="none")
    made.start()
    made.wait()
    return str(made.id)


def test_it_removes_what_its_cells_made(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["busybox"], client=client)
    with lesson.recording():
        client.images.pull("busybox", tag="latest")
        made = run(client)
    assert made in ids(client)
    done = lesson.end()
    assert done.containers == [made]
    assert done.images == ["busybox:latest"]
    assert not done.left
    assert not done.elsewhere
    assert made not in ids(client)


def test_it_removes_what_a_failed_build_left(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["busybox"], client=client)
    existing = ids(client)
    with lesson.recording():
        client.images.pull("busybox", tag="latest")
        steps = io.BytesIO(b"FROM busybox\nLABEL failed=first\nRUN exit 3\n")
        with pytest.raises(BuildError):
            client.images.build(fileobj=steps, network_mode="none")
    left = ids(client) - existing
    assert left
    done = lesson.end()
    assert set(done.containers) == left
    assert not client.images.list(all=True)


def test_it_leaves_what_was_there_before(client: docker.DockerClient) -> None:
    client.images.pull("busybox", tag="latest")
    own = run(client)
    lesson = start_lesson("test", images=["busybox"], client=client)
    with lesson.recording():
        made = run(client)
    done = lesson.end()
    assert done.containers == [made]
    assert done.images == []
    assert own in ids(client)
    assert client.images.get("busybox").tags == ["busybox:latest"]


def test_it_leaves_what_the_learner_makes_between_two_cells(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["busybox"], client=client)
    with lesson.recording():
        client.images.pull("busybox", tag="latest")
    own = run(client)
    with lesson.recording():
        made = run(client)
    done = lesson.end()
    assert made not in ids(client)
    assert own in ids(client)
    assert done.elsewhere == [own]
    # Docker refuses to remove an image that a container still uses: the learner hears it.
    assert list(done.left) == ["busybox:latest"]
    assert own[:12] in done.left["busybox:latest"]


def test_it_leaves_images_that_it_did_not_declare(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["lab-*"], client=client)
    with lesson.recording():
        client.images.pull("busybox", tag="latest").tag("learners-own", "latest")
        own = run(client, "learners-own")
    done = lesson.end()
    assert (done.containers, done.images) == ([], [])
    assert own in ids(client)


def test_its_label_is_enough(client: docker.DockerClient) -> None:
    client.images.pull("busybox", tag="latest")
    lesson = start_lesson("test", client=client)
    mine = client.containers.create("busybox", ["true"], labels=lesson.labels)
    other = client.containers.create("busybox", ["true"], labels={LABEL: "another-lesson"})
    assert lesson.end().containers == [mine.id]
    assert str(other.id) in ids(client)
    assert cleanup(client).containers == [other.id]


def test_a_name_that_moved_is_the_learners(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["learners-own"], client=client)
    image = client.images.pull("busybox", tag="latest")
    with lesson.recording():
        image.tag("learners-own", "latest")
    changed = client.containers.create("busybox", ["true"]).commit("learners-own", "latest")
    assert lesson.end().images == []
    assert client.images.get("learners-own").id == changed.id


def test_after_an_interruption_the_next_start_cleans_up(client: docker.DockerClient) -> None:
    first = start_lesson("test", images=["busybox"], client=client)
    with first.recording():
        client.images.pull("busybox", tag="latest")
        made = run(client)
    lessons._current = None  # the kernel is gone, and with it all that it knew
    second = start_lesson("test", images=["busybox"], client=client)
    assert made not in ids(client)
    assert not [image for image in client.images.list() if "busybox:latest" in image.tags]
    done = second.end()
    assert (done.containers, done.images) == ([], [])


def test_ending_twice_is_harmless(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", client=client)
    lesson.end()
    assert lesson.end().containers == []


def test_cleanup_removes_what_any_lesson_recorded(client: docker.DockerClient) -> None:
    lesson = start_lesson("test", images=["busybox"], client=client)
    client.images.pull("busybox", tag="latest")
    own = run(client)
    with lesson.recording():
        made = run(client)
    lessons._current = None
    assert cleanup(client).containers == [made]
    assert own in ids(client)
