"""`dockerlab analyze` against dive on images of 100 MB and more; many images at once; the reader.

    python -m benchmarks.layers [--rounds N]

Prints Markdown tables. Both commands are whole processes, start-up included, and run in turn. The
images are made from a Debian root file system, the one in which the tests' Docker Engine lives.
Needs root.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from docker import DockerClient

from benchmarks.timing import interleaved, table
from dockerlab.layers import analyze_path, read_all_images, share
from dockerlab.layers.cache import LayerCache
from dockerlab.layers.stream import Stream
from dockerlab.layers.tar import headers
from tests.engines.embedded import running_embedded
from tests.engines.images import Image, archive_of
from tests.engines.images import layer as image_layer
from tests.engines.reference import docker_root, running_docker
from tests.unit.layers.tarballs import Member, layer, new_style

IMAGES, LAYERS_EACH = 300, 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="counted runs of each (default 10)")
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for title, archive in _archives(folder):
            size = archive.stat().st_size // 10**6
            ways = _commands(archive, folder)
            timings = interleaved(ways, rounds=rounds)
            print(table(f"{title}, {size} MB", timings, against="dive"), "\n")
        _readers(folder, rounds)
        _memory(folder)
        _many(folder, rounds)


def _archives(folder: Path) -> Iterator[tuple[str, Path]]:
    base = _tar(docker_root(), ".")
    above = layer(
        Member("usr/share/.wh.doc"),
        Member("usr/share/.wh.locale"),
        Member("etc/hostname", b"bench"),
    )
    large = folder / "large.tar"
    large.write_bytes(new_style([base, above]))
    yield "a Debian with Docker, few large files", large
    # Many small files: the same tree of documents and modules in eight places.
    small = _tar(docker_root(), "usr/share", "usr/lib/python3", "var/lib/dpkg", missing_ok=True)
    many = folder / "many.tar"
    copies = [layer(Member(f"copy{number}", b"x"), *_moved(small, number)) for number in range(4)]
    many.write_bytes(new_style(copies))
    yield "many small files in four layers", many
    # The first again, once more and once more: what a start-up costs matters less.
    huge = folder / "huge.tar"
    huge.write_bytes(new_style([base, *(_copy(number) for number in range(3)), above]))
    yield "four Debians on each other", huge


def _copy(number: int) -> bytes:
    command = ["tar", "-C", str(docker_root()), f"--transform=s,^,copy{number}/,", "-cf", "-"]
    return subprocess.run([*command, "usr"], check=True, capture_output=True).stdout


def _tar(root: Path, *names: str, missing_ok: bool = False) -> bytes:
    found = [name for name in names if not missing_ok or (root / name).exists()]
    excluded = [f"--exclude=./{name}/*" for name in ("proc", "sys", "run")]
    command = ["tar", "-C", str(root), *excluded, "-cf", "-", *found]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _moved(data: bytes, number: int) -> list[Member]:
    """The files below 64 kB of a tar, twenty times over, in folders of this number."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [each for each in archive if each.isreg() and each.size < 65536]
        read = [(each.name, archive.extractfile(each)) for each in files]
        contents = [(name, file.read()) for name, file in read if file]
    return [
        Member(f"{number}/{copy}/{name}", content)
        for copy in range(5)
        for name, content in contents
    ]


def _commands(archive: Path, folder: Path) -> dict[str, Callable[[], object]]:
    dive = shutil.which("dive", path=str(Path(sys.executable).parent))
    if dive is None:
        raise SystemExit("dive is not installed: make setup-dev")
    cache = folder / "cache"
    ours = [sys.executable, "-m", "dockerlab.cli", "analyze", str(archive)]

    def cold() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        warm()

    def warm() -> None:
        environment = {"XDG_CACHE_HOME": str(cache), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
        subprocess.run(ours, check=True, capture_output=True, env=environment)

    def verifying() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        environment = {"XDG_CACHE_HOME": str(cache), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
        subprocess.run([*ours, "--verify"], check=True, capture_output=True, env=environment)

    def theirs() -> None:
        report = str(folder / "dive.json")
        command = [dive, "--source", "docker-archive", "--json", report, str(archive)]
        subprocess.run(command, check=True, capture_output=True)

    warm_cache = folder / "warm"

    def second() -> None:
        environment = {"XDG_CACHE_HOME": str(warm_cache), "PATH": "/usr/bin:/bin"}
        subprocess.run(ours, check=True, capture_output=True, env={**environment, "HOME": "/"})

    second()
    return {
        "dive": theirs,
        "analyze, nothing cached": cold,
        "analyze --verify, nothing cached": verifying,
        "analyze, the second time": second,
    }


def _readers(folder: Path, rounds: int) -> None:
    """Headers only, of many small files: our reader against `tarfile`."""
    with tempfile.TemporaryFile(dir=folder) as file:
        data = layer(*(Member(f"folder/of/many/file{number}") for number in range(20_000)))
        file.write(data)

        def ours() -> None:
            file.seek(0)
            with Stream(file.read) as stream:
                for header in headers(stream):
                    stream.skip(header.stored + -header.stored % 512)

        def standard() -> None:
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r|") as archive:
                for _ in archive:
                    archive.members = []  # type: ignore[attr-defined]

        timings = interleaved({"tarfile": standard, "dockerlab.layers": ours}, rounds=rounds)
        print(table("20,000 headers", timings, against="tarfile"), "\n")


def _memory(folder: Path) -> None:
    print("| peak of Python's memory | MB |\n| --- | ---: |")
    for archive in sorted(folder.glob("*.tar")):
        tracemalloc.start()
        analyze_path(archive, cache=LayerCache(folder / "traced"))
        peak = tracemalloc.get_traced_memory()[1] / 10**6
        tracemalloc.stop()
        print(
            f"| {archive.stem}, an archive of {archive.stat().st_size // 10**6} MB | {peak:.0f} |"
        )
    print()


def _many(folder: Path, rounds: int) -> None:
    """All that engines tell about three hundred images, and what these share."""
    archive = folder / "images.tar"
    archive.write_bytes(archive_of(dict(_images())))
    with ExitStack() as stack:
        clients = {}
        for name in ("docker", "oci-root"):
            state = folder / name
            state.mkdir()
            running = running_docker if name == "docker" else partial(running_embedded, name)
            engine = stack.enter_context(running(state, mirror="http://127.0.0.1:9"))
            engine.docker("load", "--input", str(archive), timeout=600)
            clients[name] = stack.enter_context(closing(engine.client()))
        ways = {name: partial(_summarise, client) for name, client in clients.items()}
        timings = interleaved(ways, rounds=rounds)
    print(table(f"{IMAGES} images of {LAYERS_EACH} layers summarised", timings, against="docker"))


def _summarise(client: DockerClient) -> None:
    sharing = share(read_all_images(client))
    assert len(sharing.images) == IMAGES
    assert sum(sharing.freed_by_removing(image.id) for image in sharing.images) > 0


def _images() -> Iterator[tuple[str, Image]]:
    """Images of ten layers each, of which every tenth shares the lower five."""
    half = LAYERS_EACH // 2
    for number in range(IMAGES):
        group = number % (IMAGES // 10)
        lower = [image_layer({f"base{group}/{i}": "x"}, made_by="RUN base") for i in range(half)]
        upper = [image_layer({f"own{number}/{i}": "x"}, made_by="RUN own") for i in range(half)]
        yield f"bench:{number}", Image((*lower, *upper))


if __name__ == "__main__":
    main()
