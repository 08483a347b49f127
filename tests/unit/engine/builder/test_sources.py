import gzip
import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dockerlab.engine.builder import context as contexts
from dockerlab.engine.builder.context import Context, HeldContext, UnpackedContext, read_dockerfile
from dockerlab.engine.builder.copying import Item, comment, copy_items, find_items
from dockerlab.engine.builder.sources import Source, Tree, resolve
from dockerlab.engine.dockerfile.instructions import Copy
from dockerlab.engine.dockerfile.parser import parse
from dockerlab.engine.dockerfile.reading import read
from dockerlab.engine.errors import DataLoss, EngineError, Forbidden, InvalidParameter
from dockerlab.engine.snapshots import trees

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


def archive(files: Mapping[str, bytes | str]) -> io.BytesIO:
    """A context; text stands for where a symbolic link leads."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            data = content if isinstance(content, bytes) else b""
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    out.seek(0)
    return out


@pytest.fixture(params=["held where it can be", "unpacked"], autouse=True)
def most_held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of contexts must tell the same."""
    if request.param == "unpacked":
        monkeypatch.setattr(contexts, "MOST_HELD", 512)


def receive(directory: Path, files: Mapping[str, bytes | str]) -> Context:
    return contexts.receive(archive(files), directory / "context", most_held=contexts.MOST_HELD)


def step(line: str) -> Copy:
    made = read(parse(line.encode()).statements[0])
    assert isinstance(made, Copy)
    return made


def copy(source: Source, root: Path, line: str) -> list[Item]:
    items = find_items(step(line), source)
    copy_items(step(line), items, root, working_dir="/work")
    return items


def test_checksums_are_dockers(tmp_path: Path) -> None:
    # Seen in the history that a Docker Engine 28.5 wrote for such files.
    tree = tmp_path / "tree"
    (tree / "dst").mkdir(parents=True)
    (tree / "dst/a.txt").write_text("hello\n")
    (tree / "dst/a.txt").chmod(0o644)
    if os.geteuid() == 0:
        assert Tree(tree).checksum("dst/a.txt") == (
            "3fd683d609a72764faf4a9410479615235a4de6693642d1cbf68ec0c6a477b8b"
        )
    assert Tree(tree).checksum("nosuch") == "nosuch"


def test_a_checksum_does_not_depend_on_the_time_but_on_all_else(tmp_path: Path) -> None:
    one = receive(tmp_path, {"a": b"1", "b": b"1", "l": "a"})
    assert one.checksum("a") != one.checksum("b")
    assert one.checksum("l") == one.checksum("a")
    assert one.checksum("nosuch") == "nosuch"


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/../x"])
def test_nothing_outside_is_found(tmp_path: Path, path: str) -> None:
    with pytest.raises(Forbidden, match="forbidden path outside the build context"):
        resolve(tmp_path, path)


def test_links_mean_what_is_inside(tmp_path: Path) -> None:
    context = receive(
        tmp_path,
        {"etc/passwd": b"inside", "up": "../../../../etc/passwd", "whole": "/etc", "loop": "loop"},
    )
    assert resolve(context.root, "up").read_bytes() == b"inside"
    assert resolve(context.root, "whole/passwd").read_bytes() == b"inside"
    with pytest.raises(InvalidParameter):
        resolve(context.root, "loop")


@pytest.mark.parametrize(
    "files",
    [
        {"../evil": b"x"},
        {"a/../../evil": b"x"},
    ],
)
def test_a_context_cannot_climb_out(tmp_path: Path, files: Mapping[str, bytes]) -> None:
    with pytest.raises(DataLoss):
        receive(tmp_path, files)
    assert {each.name for each in tmp_path.iterdir()} <= {"context"}


def test_a_context_cannot_write_through_a_link(tmp_path: Path) -> None:
    context = receive(tmp_path, {"l": str(tmp_path), "l/evil": b"x"})
    assert not (tmp_path / "evil").exists()
    assert resolve(context.root, "l/evil").read_bytes() == b"x"


def test_the_dockerfile_is_found_and_hidden_where_it_is_ignored(tmp_path: Path) -> None:
    ignore = b"Dockerfile\n.dockerignore\n"
    context = receive(tmp_path, {"Dockerfile": b"FROM a", ".dockerignore": ignore, "a": b""})
    assert read_dockerfile(context, "Dockerfile") == b"FROM a"
    assert [each.name for each in context.root.iterdir()] == ["a"]


def test_a_lower_case_dockerfile_will_do(tmp_path: Path) -> None:
    assert read_dockerfile(receive(tmp_path, {"dockerfile": b"x"}), "Dockerfile") == b"x"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Dockerfile", "the Dockerfile (Dockerfile) cannot be empty"),
        ("other", "Cannot locate specified Dockerfile: other"),
        ("link", "Cannot locate specified Dockerfile: link"),
        ("../../etc/passwd", "forbidden path outside the build context: ../../etc/passwd ()"),
    ],
)
def test_dockerfiles_that_are_refused(tmp_path: Path, name: str, sentence: str) -> None:
    context = receive(tmp_path, {"Dockerfile": b"", "link": "/etc/passwd"})
    with pytest.raises(EngineError) as refused:
        read_dockerfile(context, name)
    assert str(refused.value) == sentence


FILES: Mapping[str, bytes | str] = {
    "a": b"1",
    "b": b"22",
    "d/x": b"3",
    "d/e/y": b"4",
    "d/l": "x",
    "[z": b"5",
}


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("COPY a /x", ["x"]),
        ("COPY a /x/", ["x/a"]),
        ("COPY a x", ["work/x"]),
        ("COPY a b /x/", ["x/a", "x/b"]),
        ("COPY d /x", ["x/e/y", "x/l", "x/x"]),
        ("COPY d/* /x/", ["x/l", "x/x", "x/y"]),
        ("COPY d* /x/", ["x/e/y", "x/l", "x/x"]),
        ("COPY ? /x/", ["x/a", "x/b", "x/e/y", "x/l", "x/x"]),
        ("COPY [[]z /x", ["x"]),
        ("COPY d/l /x/", ["x/l"]),
        ("COPY . /x/", ["x/[z", "x/a", "x/b", "x/d/e/y", "x/d/l", "x/d/x"]),
    ],
)
def test_what_is_copied_where(tmp_path: Path, line: str, made: list[str]) -> None:
    root = tmp_path / "root"
    root.mkdir()
    copy(receive(tmp_path, FILES), root, line)
    found = [
        os.path.relpath(Path(at) / name, root) for at, _, names in os.walk(root) for name in names
    ]
    assert sorted(found) == made


@as_root
def test_files_get_the_owner_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("app:x:5:6::/:/bin/sh\n")
    (root / "etc/group").write_text("app:x:7:\n")
    copy(receive(tmp_path, FILES), root, "COPY --chown=app d /new/x")
    status = (root / "new/x/e/y").stat()
    assert (status.st_uid, status.st_gid) == (5, 7)
    assert (root / "new").stat().st_uid == 0
    with pytest.raises(EngineError, match="can't find uid for user nobody: no such user: nobody"):
        copy(Tree(tmp_path / "context"), root, "COPY --chown=nobody a /y")


def test_a_destination_cannot_lead_out_either(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "up").symlink_to("../../..")
    copy(receive(tmp_path, FILES), root, "COPY a /out/evil")
    copy(Tree(tmp_path / "context"), root, "COPY a /up/evil2")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["context", "root"]
    assert (root / "evil2").read_bytes() == b"1"


def test_add_unpacks_what_is_an_archive(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    inner = archive({"i/j": b"in"}).getvalue()
    context = receive(tmp_path, {"a.tar": inner, "plain": b"p" * 600})
    copy(context, root, "ADD a.tar plain /x/")
    copy(context, root, "COPY a.tar /y/")
    assert (root / "x/i/j").read_bytes() == b"in"
    assert (root / "x/plain").read_bytes() == b"p" * 600
    assert (root / "y/a.tar").read_bytes() == inner


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "COPY nosuch /x",
            "COPY failed: file not found in build context or excluded by .dockerignore: "
            "stat nosuch: file does not exist",
        ),
        ("COPY nosuch* /x", "COPY failed: no source files were specified"),
        (
            "ADD a b /x",
            "When using ADD with more than one source file, the destination must be a directory "
            "and end with a /",
        ),
        ("COPY ../a /x", "COPY failed: forbidden path outside the build context: ../a ()"),
    ],
)
def test_sources_that_are_refused(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(EngineError) as refused:
        find_items(step(line), receive(tmp_path, FILES))
    assert str(refused.value) == sentence


def test_what_history_says(tmp_path: Path) -> None:
    context = receive(tmp_path, FILES)
    said = [
        comment(step(line), find_items(step(line), context))
        for line in ("COPY a /x", "COPY --chown=1 d /x", "ADD a b /x/")
    ]
    kinds = [text.partition(":")[0] for text in said]
    assert kinds == ["COPY file", "COPY --chown=1 dir", "ADD multi"]
    assert all(text.endswith((" in /x ", " in /x/ ")) for text in said)


PLAIN: Mapping[str, bytes | str] = {
    "a": b"1",
    "d/x": b"3",
    "d/e/y": b"",
    "./n//m/../z": b"6",
    "caf\udce9": b"7",
    ".dockerignore": b"a\nd",
}


def both(directory: Path, archive: bytes) -> tuple[HeldContext, UnpackedContext]:
    """The same context, held and unpacked."""
    held = contexts.receive(io.BytesIO(archive), directory / "held")
    unpacked = contexts.receive(io.BytesIO(archive), directory / "unpacked", most_held=512)
    assert isinstance(held, HeldContext)
    assert isinstance(unpacked, UnpackedContext)
    return held, unpacked


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_held_context_tells_what_an_unpacked_one_tells(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    held, unpacked = both(tmp_path, compress(archive(PLAIN).getvalue()))
    assert not (tmp_path / "held").exists()
    paths = list(held.walk(""))
    assert paths == list(unpacked.walk(""))
    for path in (*paths, "", ".", "/", "d/./e/", "d/../a", "a/x", "nosuch", "d/nosuch/x"):
        assert held.find(path) == unpacked.find(path), path
        assert held.checksum(path) == unpacked.checksum(path), path
        assert held.read(path) == unpacked.read(path), path
    for path in ("..", "d/../../x"):
        with pytest.raises(Forbidden):
            held.find(path)
    copied = [
        sorted(each.relative_to(root) for each in root.rglob("*"))
        for root in (held.root, unpacked.root)
    ]
    assert copied[0] == copied[1]


def test_what_is_hidden_is_not_unpacked(tmp_path: Path) -> None:
    for context in both(tmp_path, archive(PLAIN).getvalue()):
        context.hide("d/x")
        context.hide("nosuch")
        assert context.find("d/x") is None
        assert not (context.root / "d/x").exists()
        assert list(context.walk("d")) == ["d/e", "d/e/y"]


@pytest.mark.parametrize(
    "files",
    [
        {"a": b"1", "l": "a"},
        {"a": b"1", "./a": b"2"},
        {"a/b": b"1", "a": b"2"},
        {"/".join("d" * 101): b"1"},
        {"large": bytes(contexts.MOST_HELD)},
    ],
)
def test_what_is_not_simple_is_unpacked_at_once(
    tmp_path: Path, files: Mapping[str, bytes | str]
) -> None:
    data = archive(files).getvalue()
    for name, sent in (("plain", data), ("compressed", gzip.compress(data))):
        found = contexts.receive(io.BytesIO(sent), tmp_path / name)
        assert isinstance(found, UnpackedContext)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(DataLoss, match="in the way"):
        receive(tmp_path, {"a": b"1", "a/b": b"2"})


def test_a_dockerfile_that_is_not_there_is_called_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="Cannot locate specified Dockerfile: Dockerfile"):
        read_dockerfile(receive(tmp_path, {"a": b""}), "Dockerfile")


def test_directories_in_each_other_are_walked_however_deep(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=handle)
        below = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(handle)
    assert sum(1 for _ in Tree(tmp_path).walk("")) == 1200
    trees.remove(tmp_path / "d")
