"""`binder/start`, run as Binder runs it: the engine is there, its images come from the pack."""

import os
import subprocess
import sys
from pathlib import Path

from dockerlab.packs import create_pack
from tests.engines.engine import Engine
from tests.engines.programs import need, need_root

START = Path(__file__).parents[2] / "binder" / "start"


def test_a_session_starts_with_an_engine_and_the_pack(
    docker_engine: Engine, session_directory: Path
) -> None:
    need_root()
    need("crun", package="crun")
    home = session_directory / "jovyan"
    pack = home / ".local" / "share" / "dockerlab-packs" / "course"
    pack.parent.mkdir(parents=True)
    (home / "run").mkdir(mode=0o700)
    client = docker_engine.client()
    create_pack(client, pack, ["docker.io/library/tool:latest"])
    client.close()
    inherited = {name: os.environ[name] for name in os.environ if not name.startswith("DOCKER")}
    environment = {
        **inherited,
        "HOME": str(home),
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home / "run"),
    }

    def session(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [START, *command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    try:
        ran = session("docker", "run", "--rm", "--network", "none", "tool")
        assert (ran.stdout, ran.returncode) == ("tool\n", 0), ran.stderr
        assert "Pull complete" in ran.stderr
        assert session("sh", "-c", "exit 7").returncode == 7, "the command takes start's place"
    finally:
        session("dockerlab", "engine", "stop")
