"""The course where Binder would run it: no privilege, no namespaces, no network."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.browser.jupyterlab import SETTINGS, JupyterLab, browser_page, open_notebook, run_all
from tests.engines.binder import Session, running_session, wait_for_lab, without_ptrace
from tests.engines.binder_image import HOME, IMAGE, build
from tests.engines.engine import Engine
from tests.engines.programs import from_package
from tests.engines.registry import Registry
from tests.engines.terminal import terminal
from tests.integration.differential.inside import INSIDE
from tests.integration.differential.scenarios import SCENARIOS, Scenario
from tests.integration.differential.sides import Side, compare
from tests.notebooks.lessons import (
    FIRST,
    ORIGINALS,
    ROOT,
    SANITIZE,
    SANITIZE_PACK,
    lesson_id,
    strict_options,
)

ALIKE = (
    *("run in the background", "run with standard input", "run on a terminal", "start and stop"),
    *("logs", "commands that cannot be started", "exec that cannot be", "export"),
    "volumes by name",
)
"""Scenarios that proot goes through as Docker does, and that need busybox and no network."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def built(docker_engine: Engine, registry: Registry) -> Iterator[str]:
    """The image is there; what `postBuild` said."""
    yield build(docker_engine, registry)
    docker_engine.docker("rmi", IMAGE)


@pytest.fixture(scope="module")
def session(docker_engine: Engine, built: str) -> Iterator[Session]:
    """A session in which `dockerlab.connect()` has found, and started, the embedded engine."""
    with running_session(docker_engine) as running:
        with running.jupyterlab() as url:
            wait_for_lab(running, url)
        connected = running.connect()
        assert connected.returncode == 0, connected.stderr
        for name, settings in SETTINGS.items():  # so that the whole notebook is in the page
            path = f"{HOME}/.jupyter/lab/user-settings/{name}.jupyterlab-settings"
            running.write(path, json.dumps(settings))
        yield running


@pytest.fixture(scope="module")
def poor(
    docker_engine: Engine, built: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """A session in a sandbox that refuses even what proot needs."""
    option = without_ptrace(tmp_path_factory.mktemp("seccomp") / "profile.json")
    with running_session(docker_engine, options=[option]) as running:
        connected = running.connect()
        assert connected.returncode == 0, connected.stderr
        yield running


@pytest.fixture(scope="module")
def busy_session(session: Session, docker_engine: Engine) -> Iterator[Engine]:
    """The session's engine, as root reaches it from here; it has busybox, and so has Docker's."""
    docker_engine.docker("pull", "--quiet", "busybox")
    engine = session.engine_inside()
    loaded = engine.docker("load", stdin=docker_engine.docker("save", "busybox").stdout)
    assert loaded.returncode == 0, loaded.stderr
    yield engine
    for each in (engine, docker_engine):
        each.docker("rmi", "busybox")


@pytest.fixture(scope="module")
def rules(session: Session) -> Path:
    """Where in the session it is written what may differ in a lesson that has a pack's images."""
    path = Path("/tmp/sanitize.cfg")
    session.write(str(path), f"{SANITIZE.read_text()}\n{SANITIZE_PACK.read_text()}")
    return path


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
    assert session.exit_code("quiet") == 137
    tidy = 'trap "echo tidied; exit 5" TERM; echo up; while :; do sleep 0.1; done'
    session.shell(f"docker run -d --name tidy centos bash -c '{tidy}'")
    session.shell("until docker logs tidy | grep -q up; do sleep 0.1; done; docker stop tidy")
    assert session.exit_code("tidy") == 5
    assert session.shell("docker logs tidy").stdout == "up\ntidied\n"
    session.shell("docker run -d --name killed centos sleep 1000; docker kill killed")
    assert session.exit_code("killed") == 137


def test_another_command_in_a_running_container(session: Session) -> None:
    session.shell("docker run -d --name running centos sleep 1001")
    ran = session.shell("docker exec running bash -c 'echo new > /file; exit 4'")
    assert ran.returncode == 4, ran.stderr
    assert session.shell("docker exec running cat /file").stdout == "new\n"
    assert session.shell("docker rm --force running").returncode == 0
    assert not session.runs("1001")


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
    assert session.runs("1002")
    killed = session.shell(
        "kill -9 $(dockerlab engine status | sed 's/.*process \\([0-9]*\\).*/\\1/')"
    )
    assert killed.returncode == 0, killed.stderr
    again = session.connect()
    assert again.returncode == 0, again.stderr
    assert session.exit_code("survivor") == 137
    assert not session.runs("1002")


def test_the_build_made_a_pack_and_found_it_good(built: str, session: Session) -> None:
    assert "A lesson can run here." in built
    assert "answers" in built, "the images came from a registry"
    listed = session.run("dockerlab", "pack", "list", ".local/share/dockerlab-packs/course").stdout
    assert "hello-world" in listed
    assert session.run("hadolint", "--version").returncode == 0, "pip brought what conda lacks"


@pytest.mark.parametrize("lesson", ["01-hello-world", "06-layers"])
def test_a_lesson_runs_to_its_end_in_a_browser(session: Session, lesson: str) -> None:
    """The images are the pack's: there is no network, and there is no banner of stand-ins."""
    with session.jupyterlab() as url, browser_page() as page:
        open_notebook(page, JupyterLab(url, Path()), f"notebooks/en/{lesson}.ipynb")
        run_all(page)
        assert page.locator(".jp-OutputArea-output", has_text="Traceback").count() == 0
        assert page.locator(".jp-OutputArea-output", has_text="Stand-in images").count() == 0
        said = page.locator(".jp-OutputArea-output").all_inner_texts()
        assert any("runtime\tproot" in text for text in said), said
        assert any("Cleaned up what this lesson made" in text for text in said), said
        if lesson.startswith("01"):
            assert any("dockerlab's test registry, and I keep it short" in text for text in said)


@pytest.mark.parametrize("path", ORIGINALS, ids=lesson_id)
def test_a_lessons_outputs_are_as_saved_and_nothing_is_left(
    session: Session, rules: Path, path: Path
) -> None:
    session.shell("docker rmi --force $(docker images --quiet)")
    ran = _run_strictly(session, str(path.relative_to(ROOT)), rules)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert session.shell("docker ps --all --quiet; docker images --all --quiet").stdout == ""


def test_an_output_that_differs_is_found(session: Session, rules: Path) -> None:
    lesson = f"{FIRST.parent.relative_to(ROOT)}/00-changed.ipynb"
    changed = FIRST.read_text().replace("Hello from a container!", "Hello from a machine!")
    session.write(lesson, changed)
    ran = _run_strictly(session, lesson, rules)
    session.run("rm", lesson)
    assert ran.returncode == 1, ran.stdout[-6000:]
    assert "Cell 2: Cell outputs differ" in ran.stdout


def _run_strictly(session: Session, lesson: str, rules: Path) -> "subprocess.CompletedProcess[str]":
    options = strict_options(root=Path(HOME), sanitize=rules)
    return session.shell(shlex.join(["python", "-m", "pytest", *options, lesson]), timeout=500)


@pytest.mark.parametrize(
    "scenario",
    [each for each in (*SCENARIOS, *INSIDE) if each.name in ALIKE],
    ids=lambda each: each.name,
)
def test_it_answers_as_docker_engine_does(
    scenario: Scenario, docker_engine: Engine, busy_session: Engine, tmp_path: Path
) -> None:
    folders = tmp_path / "docker", tmp_path / "embedded"
    for folder in folders:
        folder.mkdir()
    docker, embedded = map(Side, (docker_engine, busy_session), folders, ("", ""))
    failures = compare(scenario, docker, embedded)
    assert not failures, "\n" + "\n".join(failures)


def test_the_engines_parts_keep_their_contracts(session: Session) -> None:
    """The suites of tests/contract, for what can be had there: proot, and copies without mounts."""
    # There is no network to fetch it from.
    busybox = from_package("busybox-static", "")
    packed = subprocess.run(
        ["tar", "--create", busybox.name], cwd=busybox.parent, stdout=subprocess.PIPE, check=True
    )
    keep = "cd .cache && mkdir --parents dockerlab-tests && tar --extract -C dockerlab-tests"
    assert session.run("bash", "-c", keep, stdin=packed.stdout).returncode == 0
    names = ("runtime", "snapshotter", "unpack", "diff")
    suites = [f"tests/contract/{name}_suite.py" for name in names]
    ran = session.run(
        *("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites),
        *("-k", "not crun and not runc and not overlay and not bound"),
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "skipped" not in ran.stdout


def test_images_work_where_even_ptrace_is_refused(poor: Session) -> None:
    card = poor.run("dockerlab", "connect").stdout
    assert "No program can start containers in this place." in card, card
    doctor = poor.shell("dockerlab doctor")
    assert "A lesson can run here as far as it is about images" in doctor.stdout
    ran = poor.shell("docker run --rm hello-world")
    assert ran.returncode == 125
    assert "containers cannot be run in this place" in ran.stderr
    images = "docker history centos && docker save centos | tar -t && docker create centos"
    looked = poor.shell(f"docker pull centos && {images} && docker rm $(docker ps -aq)")
    assert looked.returncode == 0, looked.stderr
    built = poor.shell("printf 'FROM centos\\nLABEL a=b\\n' | docker build -t built -")
    assert built.returncode == 0, built.stderr
    poor.shell("docker rmi built centos hello-world")


def test_every_lesson_gets_to_its_end_there_without_a_traceback(poor: Session) -> None:
    run = ["jupyter", "nbconvert", "--execute", "--to=notebook", "--output-dir=/tmp/ran"]
    lessons = [str(path.relative_to(ROOT)) for path in ORIGINALS]
    ended = poor.shell(shlex.join([*run, *lessons]), timeout=500)
    assert ended.returncode == 0, ended.stderr[-6000:]  # nbconvert stops at the first error
    said = {path: _said(poor.run("cat", f"/tmp/ran/{path.name}").stdout) for path in ORIGINALS}
    for path, outputs in said.items():
        assert not any("Traceback" in text for text in outputs), lesson_id(path)
        assert "Cleaned up what this lesson made" in outputs[-1], lesson_id(path)
    refused = {path.stem[:2] for path, outputs in said.items() if "cannot be run" in str(outputs)}
    assert refused == {"01", "02", "04", "05", "06", "07", "08"}, "the others run no container"
    noticed = {
        path.stem[:2] for path, outputs in said.items() if "No container can" in str(outputs)
    }
    assert {"01", "02", "06", "07", "08"} <= noticed
    assert poor.shell("docker ps --all --quiet; docker images --all --quiet").stdout == ""


def _said(notebook: str) -> list[str]:
    """The text of each output that a notebook holds."""
    cells = nbformat.reads(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return [out.text if "text" in out else out.data.get("text/plain", "") for out in outputs]
