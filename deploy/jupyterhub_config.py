"""JupyterHub for a class, on one machine: `jupyterhub -f deploy/jupyterhub_config.py`.

What can be chosen stands in the environment, so that this file need not be edited:

DOCKERLAB_SPAWNER         process (default): servers are processes of this user, on a machine whose
                          learners trust each other; systemd: units, each with an account and
                          limits of its own; docker: containers of deploy/Dockerfile's image
DOCKERLAB_CLASS_PASSWORD  what learners type besides a name of their choice
DOCKERLAB_CLASS_HOMES     where their work is kept (default: ~/dockerlab-class)
DOCKERLAB_PACKS           packs of images, read-only, shared by all (docs/offline.md)
DOCKERLAB_REGISTRY_MIRRORS  the class's pull-through cache (docs/classroom.md)
DOCKERLAB_LANG            the lessons' language: en (default) or zh

With docker only:

DOCKERLAB_CLASS_IMAGE     the image's name (default: dockerlab-class)
DOCKERLAB_CLASS_ADDRESS   where containers find this machine: its address on their network
                          (default: 172.17.0.1, Docker's; Podman's is 10.88.0.1)
DOCKERLAB_CLASS_NETWORK   bridge (default), another network's name, or host, where there is none:
                          servers then listen on 127.0.0.1, each on a port of its own
"""

import os
import shutil
import sys
from pathlib import Path

from jupyterhub.spawner import Spawner
from jupyterhub.utils import random_port

c = get_config()  # noqa: F821 - JupyterHub gives it to its configuration

COURSE = Path(__file__).resolve().parents[1]
HOMES = Path(os.environ.get("DOCKERLAB_CLASS_HOMES") or Path.home() / "dockerlab-class")
IMAGE = os.environ.get("DOCKERLAB_CLASS_IMAGE", "dockerlab-class")
PACKS = os.environ.get("DOCKERLAB_PACKS", "")
LANGUAGE = "zh" if os.environ.get("DOCKERLAB_LANG", "").startswith("zh") else "en"
FIRST_LESSON = f"/lab/tree/notebooks/{LANGUAGE}/01-hello-world.ipynb"
INHERITED = ("DOCKERLAB_PACKS", "DOCKERLAB_REGISTRY_MIRRORS", "DOCKERLAB_LANG")
MEMORY, CPUS = "1G", 1.0


def give_course(spawner: Spawner) -> None:
    """Give the learner a copy of the lessons of their own, once; what they wrote stays."""
    home = HOMES / spawner.user.name
    # An engine's socket lies in here: its path may have 107 bytes, and nobody else may open it.
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (home / "notebooks").exists():
        shutil.copytree(COURSE / "notebooks", home / "notebooks")


def process() -> None:
    """Each server is a process of the user who runs JupyterHub. No learner is kept from another."""
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(HOMES / "{username}")
    # One engine each: without these, all would meet at the socket of the one account.
    c.Spawner.environment |= {
        "XDG_RUNTIME_DIR": lambda spawner: str(HOMES / spawner.user.name / "run"),
        "XDG_DATA_HOME": lambda spawner: str(HOMES / spawner.user.name / ".local/share"),
        "XDG_STATE_HOME": lambda spawner: str(HOMES / spawner.user.name / ".local/state"),
    }
    c.Spawner.pre_spawn_hook = give_course
    if os.geteuid() == 0:
        c.Spawner.args = [*c.Spawner.args, "--allow-root"]


def systemd() -> None:
    """Each server is a unit, as the learner's own account of this machine, kept to its limits."""
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.dynamic_users = True
    # Else the directory with a learner's settings goes with her unit, its name stays as a link to
    # nowhere, and her second server does not start.
    c.SystemdSpawner.unit_extra_properties = {"RuntimeDirectoryPreserve": "yes"}
    # A unit inherits no PATH: jupyterhub-singleuser and dockerlab are beside this Python.
    c.SystemdSpawner.extra_paths = [str(Path(sys.executable).parent), "/usr/local/bin"]
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.mem_limit = MEMORY
    c.SystemdSpawner.cpu_limit = CPUS
    # Kept in /var/lib, one for each; the lessons are copied there by the unit itself.
    command = f"test -e notebooks || cp -r {COURSE}/notebooks . && exec jupyterhub-singleuser"
    c.Spawner.cmd = ["bash", "-c", f'{command} "$@"', "jupyterhub-singleuser"]


def docker() -> None:
    """Each server is a container without privileges; also with Podman, at its DOCKER_HOST."""
    c.JupyterHub.spawner_class = "docker"
    c.DockerSpawner.image = IMAGE
    c.DockerSpawner.remove = True
    c.DockerSpawner.mem_limit = MEMORY
    c.DockerSpawner.cpu_limit = CPUS
    # The image fills an empty home with the lessons; what a learner wrote, and her score, stay.
    c.DockerSpawner.volumes = {"dockerlab-{username}": "/home/jovyan"}
    c.DockerSpawner.read_only_volumes = {pack: pack for pack in PACKS.split(":") if pack}
    c.DockerSpawner.extra_host_config = {
        "security_opt": ["no-new-privileges"],
        "cap_drop": ["ALL"],
        "init": True,
    }
    network = os.environ.get("DOCKERLAB_CLASS_NETWORK") or "bridge"
    c.DockerSpawner.network_name = network
    if network == "host":
        c.JupyterHub.spawner_class = on_host_network()
        c.JupyterHub.hub_ip = c.Spawner.ip = "127.0.0.1"
    else:
        # Containers reach the hub at the machine's address on their network.
        c.JupyterHub.hub_ip = os.environ.get("DOCKERLAB_CLASS_ADDRESS", "172.17.0.1")


def on_host_network() -> type:
    """DockerSpawner where containers have the machine's network: each needs its own port."""
    from dockerspawner import DockerSpawner  # noqa: PLC0415 - installed where it is wanted

    class HostNetworkSpawner(DockerSpawner):
        use_internal_ip = True  # nothing is published

        async def start(self) -> tuple[str, int]:
            self.port = random_port()
            address: tuple[str, int] = await super().start()
            return address

        async def get_ip_and_port(self) -> tuple[str, int]:
            return self.ip, self.port

    return HostNetworkSpawner


c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["DOCKERLAB_CLASS_PASSWORD"]
c.Authenticator.allow_all = True
c.Spawner.default_url = FIRST_LESSON
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
# Learners come all at once: let them wait in a line rather than be turned away.
c.JupyterHub.concurrent_spawn_limit = 0
# A lesson opens without the results that it asks its learner to guess.
c.Spawner.args = ["--ServerApp.contents_manager_class=dockerlab.notebook.unspoilt.UnspoiltContents"]
c.Spawner.environment = {
    "DOCKERLAB_ENGINE": "embedded",
    **{name: os.environ[name] for name in INHERITED if os.environ.get(name)},
}
{"process": process, "systemd": systemd, "docker": docker}[
    os.environ.get("DOCKERLAB_SPAWNER", "process")
]()
