"""A directory that is exchanged for a link, again and again, while somebody looks for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exchanging(directory: Path, link: Path) -> Iterator[None]:
    """Have another thread put ``link`` in the place of ``directory`` and back, without end."""
    kept = directory.with_name("kept")
    stop = threading.Event()

    def exchange() -> None:
        while not stop.is_set():
            directory.rename(kept)
            link.rename(directory)
            directory.rename(link)
            kept.rename(directory)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
