"""Empty an engine that the tests started, so that no test file sees what another one left."""

from contextlib import closing

from docker.errors import NotFound

from tests.engines.engine import Engine


def empty(engine: Engine) -> None:
    """Remove every container and every image."""
    with closing(engine.client()) as client:
        for container in client.containers.list(all=True, ignore_removed=True):
            # One that was run with --rm may be going by itself just now.
            try:
                container.remove(force=True, v=True)
            except NotFound:
                continue
        # Twice: an image that others were made from cannot go before them.
        for image in [*client.images.list(), *client.images.list(all=True)]:
            try:
                client.images.remove(str(image.id), force=True)
            except NotFound:
                continue
