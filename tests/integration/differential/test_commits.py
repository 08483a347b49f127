"""What containers change, listed and made into images: the same on both engines."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engines.engine import Engine
from tests.integration.differential.comparison import compare_text
from tests.integration.differential.test_builds import Names

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

INSPECTED = "{{json .Config}} {{.Size}} {{.Author}} {{.Comment}} {{len .RootFS.Layers}}"
SHOW = (
    "cd /; find . -xdev -name .dockerenv -o -name mtab -o -path ./sys -prune -o -path ./dev -prune"
    " -o -path ./proc -prune -o ! -type d -print"
)
CHANGES = {
    "nothing": "true",
    "new files": "mkdir -p /n/m; echo a > /n/f; ln -s f /n/l; ln /n/f /n/h; mkfifo /n/p",
    "changed files": "echo b >> /etc/passwd; chmod 600 /etc/group; touch /bin/sh",
    "removed files": "rm /etc/passwd; rm -r /home; rm /bin/ls",
    "replaced directories": "rm -r /root; mkdir /root; echo x > /root/x; rm -r /tmp; mkdir /tmp",
    "moved files": "mv /etc/passwd /passwd; mv /bin/ls /root/ls; mv /root /old",
    "what is ours": "echo x > /etc/hosts; touch /etc/resolv.conf; ls /.dockerenv; ls -d /proc /dev",
    "made and removed": "echo x > /root/new; rm /root/new; mkdir /n; rmdir /n",
    "odd names": "touch '/a b' '/é' '/.wh' /-x",
    "owners": "touch /o; chown 5:6 /o; chown 7 /tmp; chmod 4755 /bin/sh",
}
OPTIONS: dict[str, Sequence[str]] = {
    "plain": (),
    "author and message": ("-a", "me <m@e>", "-m", "why not"),
    "changes": (
        *("-c", "ENV A=b C='d e'", "-c", "CMD [\"x\", \"y\"]", "-c", "EXPOSE 80/udp"),
        *("-c", "WORKDIR /w", "-c", "USER 5", "-c", "LABEL l=m", "-c", "VOLUME /v"),
        *("-c", "ENTRYPOINT e", "-c", "ONBUILD RUN z", "-c", "STOPSIGNAL 9"),
        *("-c", "HEALTHCHECK --retries=2 CMD h"),
    ),
    "a file among the changes": ("-c", "COPY a b"),
    "a malformed change": ("-c", "EXPOSE x"),
    "no pause": ("--pause=false",),
}  # fmt: skip


@pytest.fixture(scope="module")
def engines(docker_engine: Engine, embedded_engine: Engine) -> tuple[Engine, Engine]:
    for engine in (docker_engine, embedded_engine):
        assert engine.docker("pull", "-q", "busybox").returncode == 0
    return docker_engine, embedded_engine


NOT_HERE = {
    ("proot", "owners"): "without any privilege files belong to whoever runs the engine",
    ("proot", "made and removed"): "a copied snapshot shows nothing of it, and makes no layer",
}

_SAID: dict[tuple[str, str, Sequence[str]], str] = {}


def say(engine: Engine, script: str, options: Sequence[str]) -> str:
    """All that an engine says; Docker Engine is asked only once."""
    key = engine.name, script, options
    if key not in _SAID:
        _SAID[key] = ask(engine, script, options)
    return _SAID[key]


def ask(engine: Engine, script: str, options: Sequence[str]) -> str:
    """All that is said of a container which ran a script, and of its image."""
    run = ("run", "--network", "none")
    names = Names()
    lines: list[str] = []
    for words in (
        (*run, "--name", "d-commit", "-e", "E=1", "busybox", "sh", "-c", script),
        ("diff", "d-commit"),
        ("commit", *options, "d-commit", "d-committed:1"),
        ("inspect", "-f", INSPECTED, "d-committed:1"),
        ("history", "d-committed:1"),
        (
            *run,
            "--rm",
            "-u",
            "0",
            "--entrypoint",
            "/bin/busybox",
            "d-committed:1",
            "sh",
            "-c",
            SHOW,
        ),
    ):
        done = engine.docker(*words)
        for output in (done.stdout, done.stderr):
            said = names.text(output.decode(errors="replace")).splitlines()
            lines += sorted(said) if words[0] in ("diff", "run") else said
        lines.append(f"exit code {done.returncode}")
        if words[0] == "commit" and done.returncode:
            break
    engine.docker("rm", "-f", "d-commit")
    engine.docker("rmi", "-f", "d-committed:1")
    return "\n".join(lines)


def assert_same(engines: tuple[Engine, Engine], script: str, options: Sequence[str]) -> None:
    with ThreadPoolExecutor(2) as both:
        docker, embedded = both.map(lambda engine: say(engine, script, options), engines)
    differences = list(compare_text(docker, embedded, unordered=False))
    assert not differences, "\n" + "\n".join(map(str, differences))


@pytest.mark.parametrize("changes", CHANGES)
def test_same_changes(engines: tuple[Engine, Engine], changes: str) -> None:
    if reason := NOT_HERE.get((engines[1].name, changes)):
        pytest.skip(reason)
    assert_same(engines, CHANGES[changes], ())


@pytest.mark.parametrize("options", OPTIONS)
def test_same_commits(engines: tuple[Engine, Engine], options: str) -> None:
    assert_same(engines, "echo x > /x", OPTIONS[options])
