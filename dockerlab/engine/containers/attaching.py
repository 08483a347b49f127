"""Joining the streams of a container: ``docker attach``, and ``docker run`` before the start."""

from dockerlab.engine.containers.attachment import Attachment, Wanted
from dockerlab.engine.containers.lives import Life
from dockerlab.engine.containers.logs.reading import Query
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import Conflict


def attach(
    container: Container,
    life: Life,
    wanted: Wanted,
    *,
    stream: bool,
    logs: bool,
    detach_keys: bytes,
    register: Register,
) -> Attachment:
    """A client's view of the container's streams; see ``Containers.attach``.

    Raises:
        Conflict: the container is paused or restarting.

    """

    def left(client: Attachment, detached: bool) -> None:
        life.streams.detach(client)
        if detached:
            register.publish(container, "detach")

    config = container.spec.config
    attachment = Attachment(
        tty=config.tty,
        wanted=wanted,
        input=life.streams if wanted.stdin and config.open_stdin and stream else None,
        # Nobody types at a pipe: any bytes may pass through it.
        detach_keys=detach_keys if config.tty else b"",
        left=left,
    )
    if logs:
        attachment.replay(life.log.read(Query(stdout=wanted.stdout, stderr=wanted.stderr)))
    if stream:
        life.streams.attach(attachment)
    else:
        attachment.backlog.close()
    register.publish(container, "attach")
    return attachment


def check_attachable(container: Container, reference: str) -> None:
    """Refuse a container whose streams cannot be joined just now; raises Conflict."""
    if container.state.paused:
        raise Conflict(f"container {reference} is paused, unpause the container before attach")
    if container.state.status is Status.RESTARTING:
        raise Conflict(f"container {reference} is restarting, wait until the container is running")
