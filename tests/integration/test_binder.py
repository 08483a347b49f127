"""The embedded engine where Binder would run it: no privilege, no namespaces, no network."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.binder import Session, running_binder
from tests.engines.engine import Engine
from tests.engines.terminal import terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def session(docker_engine: Engine, session_directory: Path) -> Iterator[Session]:
    """A session in which `dockerlab.connect()` has found, and started, the embedded engine."""
    directory = session_directory / "binder"
    with running_binder(docker_engine, directory) as running:
        connect = "python3 -m dockerlab.cli connect --print-env > ~/engine.env"
        connected = running.run("bash", "-c", connect)
        assert connected.returncode == 0, connected.stderr
        yield running
    shutil.rmtree(directory)


@pytest.fixture(autouse=True)
def no_containers_left(session: Session) -> Iterator[None]:
    yield
    assert session.shell("docker rm -f $(docker ps -aq) 2>&1 || true").returncode == 0


def test_the_place_is_as_poor_as_binder(session: Session) -> None:
    status = session.run("cat", "/proc/self/status").stdout
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert session.run("id", "-u").stdout == "1000\n"
    assert session.run("unshare", "--user", "true").returncode != 0
    assert session.run("test", "-e", "/var/run/docker.sock").returncode != 0


def test_proot_was_chosen_and_the_engine_says_why(session: Session) -> None:
    info = session.shell("docker info")
    said = info.stdout + info.stderr
    assert "Default Runtime: proot" in said
    assert "Storage Driver: copy" in said
    assert "proot is no security boundary" in said
    assert "crun is not used: no namespaces can be had here" in said


def test_hello_world_is_pulled_and_run(session: Session) -> None:
    session.shell("docker rmi hello-world 2>/dev/null || true")
    ran = session.shell("docker run hello-world")
    assert ran.returncode == 0, ran.stderr
    assert "Unable to find image 'hello-world:latest' locally" in ran.stderr
    assert "Hello from" in ran.stdout
    listed = session.shell("docker ps --all --format '{{.Image}} {{.Status}}'").stdout
    assert listed.startswith("hello-world Exited (0)")
    assert session.shell("docker rm $(docker ps -lq)").returncode == 0


def test_a_shell_in_a_system_of_its_own(session: Session) -> None:
    script = "id -u; cd /root; touch made; chown 5:6 made && ls made; stat -c %n /etc/os-release"
    ran = session.shell(f"docker run --rm centos bash -c '{script}; exit 7'")
    assert ran.stdout.splitlines() == ["0", "made", "/etc/os-release"], ran.stderr
    assert ran.returncode == 7


@pytest.mark.parametrize(
    ("command", "code"), [("nosuch", 127), ("/etc/os-release", 126), ("bash -c 'kill -9 $$'", 137)]
)
def test_exit_codes_are_dockers(session: Session, command: str, code: int) -> None:
    assert session.shell(f"docker run --rm centos {command}").returncode == code


def test_a_terminal_with_job_control(session: Session) -> None:
    inside = ". ~/engine.env; exec docker run --rm -it centos bash --norc"
    command = session.command("bash", "-c", inside, options=["--tty"])
    with terminal(command, environment=session.engine.environment) as screen:
        screen.expect("# ")
        screen.type("sleep 100\n")
        screen.expect("sleep 100")
        screen.type("\x03")
        screen.expect("# ")
        screen.type("sleep 100 & jobs; stty size; tty\n")
        assert "Running" in screen.expect("/dev/pts/")
        screen.type("exit 3\n")
        assert screen.end() == 3
        assert "cannot set terminal process group" not in screen.shown


def test_stop_kill_and_logs(session: Session) -> None:
    quiet = "docker run -d --name quiet centos sleep 1000"
    assert session.shell(quiet).returncode == 0
    assert "quiet" in session.shell("docker ps --format '{{.Names}}'").stdout
    session.shell("docker stop --time 1 quiet")
    # As PID 1 in Docker, `sleep` is spared the signal that it has no handler for.
    assert _exit_code(session, "quiet") == 137
    tidy = 'trap "echo tidied; exit 5" TERM; echo up; while :; do sleep 0.1; done'
    session.shell(f"docker run -d --name tidy centos bash -c '{tidy}'")
    session.shell("until docker logs tidy | grep -q up; do sleep 0.1; done; docker stop tidy")
    assert _exit_code(session, "tidy") == 5
    assert session.shell("docker logs tidy").stdout == "up\ntidied\n"
    session.shell("docker run -d --name killed centos sleep 1000; docker kill killed")
    assert _exit_code(session, "killed") == 137


def test_another_command_in_a_running_container(session: Session) -> None:
    session.shell("docker run -d --name running centos sleep 1001")
    ran = session.shell("docker exec running bash -c 'echo new > /file; exit 4'")
    assert ran.returncode == 4, ran.stderr
    assert session.shell("docker exec running cat /file").stdout == "new\n"
    assert session.shell("docker rm --force running").returncode == 0
    assert not _runs(session, "1001")


def test_changes_become_an_image(session: Session) -> None:
    session.shell("docker run --name changed centos bash -c 'echo new > /file; rm /etc/passwd'")
    assert session.shell("docker diff changed").stdout.split("\n")[:3] == [
        "C /etc",
        "D /etc/passwd",
        "A /file",
    ]
    assert session.shell("docker commit changed mine").returncode == 0
    assert session.shell("docker run --rm mine cat /file").stdout == "new\n"
    session.shell("docker rm changed; docker rmi mine")


def test_an_image_is_built(session: Session) -> None:
    dockerfile = "FROM centos\\nRUN useless=1; touch /made && chown 7:8 /made\\nCMD cat /made\\n"
    built = session.shell(f"printf '{dockerfile}' | docker build -t built -")
    assert built.returncode == 0, built.stdout + built.stderr
    assert session.shell("docker run --rm built; docker rmi built").returncode == 0


def test_nothing_survives_an_engine_that_was_killed(session: Session) -> None:
    session.shell("docker run -d --name survivor centos bash -c 'sleep 1002 & sleep 1002'")
    assert _runs(session, "1002")
    killed = session.shell(
        "kill -9 $(python3 -m dockerlab.cli engine status | sed 's/.*process \\([0-9]*\\).*/\\1/')"
    )
    assert killed.returncode == 0, killed.stderr
    again = session.run("bash", "-c", "python3 -m dockerlab.cli connect --print-env > ~/engine.env")
    assert again.returncode == 0, again.stderr
    assert _exit_code(session, "survivor") == 137
    assert not _runs(session, "1002")


@pytest.mark.parametrize("lesson", ["01-hello-world", "03-images"])
def test_a_lesson_runs(session: Session, lesson: str) -> None:
    """Every cell; outputs are not those saved, since the images are stand-ins, with a banner."""
    paths = sorted(Path(__file__).parents[2].glob(f"notebooks/en/{lesson[:2]}-*.ipynb"))
    if not paths:
        pytest.skip(f"lesson {lesson} is not written yet")
    options = "--nbval-lax --nbval-current-env -p no:cacheprovider -p no:asyncio -p no:timeout"
    ran = session.shell(
        f"cp -r /opt/project/notebooks ~/ && cd ~/notebooks/en && PATH=$PATH python3 -m pytest -q "
        f"-c /dev/null --rootdir ~/notebooks {options} {paths[0].name}",
        timeout=400,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _runs(session: Session, word: str) -> bool:
    """Whether a process has that word in its command line."""
    lines = session.run("bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'").stdout
    return word in lines.splitlines()


def _exit_code(session: Session, name: str) -> int:
    state = session.shell(f"docker inspect --format '{{{{.State.ExitCode}}}}' {name}")
    return int(state.stdout)
