"""The stand-ins that dockerlab knows how to make."""

import sys
import tarfile
from collections.abc import Callable

from dockerlab.errors import StandInProblem
from dockerlab.standins.elf import Machine, say_and_exit
from dockerlab.standins.host import SYSTEM_PATH, host_architecture
from dockerlab.standins.image import StandIn
from dockerlab.standins.layer import Entry, Layer, make_layer
from dockerlab.standins.rootfs import base_layer, identity_layer, page_layer, tools_layer

GREETING = """
Hello from your container engine!
You can read this because an image became a container, and its one program ran.

This is dockerlab's stand-in for the image hello-world. No registry could be
reached, so Python wrote these few hundred bytes on your own machine.

What happened before this line appeared:
 1. The client, docker, sent your command to the engine.
 2. The engine looked for the image here, and fetched it if it was missing.
 3. It made a container: the image's one layer, and a writable one on top.
 4. It started /hello, the only file inside, and sent its words back to you.

Next, try one with a shell in it:
 $ docker run -it centos /bin/bash

"""

NO_NGINX = "This is dockerlab's stand-in for the image nginx. There is no web server in it."

_MACHINES = {"amd64": Machine.AMD64, "arm64": Machine.ARM64}
_ENVIRONMENT = {"PATH": f"/usr/local/sbin:{SYSTEM_PATH}"}


def standin_names() -> tuple[str, ...]:
    """Return the names of the images for which a stand-in can be made.

    >>> standin_names()
    ('centos', 'debian', 'hello-world', 'nginx:alpine', 'nginx:alpine-slim', 'ubuntu')
    """
    return tuple(sorted(_MAKERS))


def make_standin(name: str, *, architecture: str | None = None) -> StandIn:
    """Make the stand-in for `name`, for the engine's `architecture` (default: this machine's).

    Raises:
        StandInProblem: there is none for this name, this machine or this architecture.

    """
    known = _familiar(name)
    if known not in _MAKERS:
        raise StandInProblem("standin.unknown", name=name)
    return _MAKERS[known](known, architecture or host_architecture())


def has_standin(name: str) -> bool:
    """Return whether there is a stand-in for an image, under any spelling of its name.

    >>> has_standin("docker.io/library/centos:latest"), has_standin("centos:7")
    (True, False)
    """
    return _familiar(name) in _MAKERS


def _familiar(name: str) -> str:
    return name.removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")


def _hello_world(name: str, architecture: str) -> StandIn:
    if architecture not in _MACHINES:
        raise StandInProblem("standin.other_machine", name=name, platform=f"linux/{architecture}")
    program = say_and_exit(GREETING, _MACHINES[architecture])
    entry = Entry("hello", kind=tarfile.REGTYPE, mode=0o755, data=program)
    layer = make_layer([entry], made_by="dockerlab: /hello, a program that Python wrote")
    return StandIn(name, architecture, (layer,), ("/hello",), _ENVIRONMENT)


def _with_tools(name: str, architecture: str) -> StandIn:
    _refuse_other_machines(name, architecture)
    layers = (base_layer(), tools_layer(), identity_layer(name))
    return StandIn(name, architecture, layers, ("/bin/bash",), _ENVIRONMENT)


def _bare(name: str, architecture: str) -> StandIn:
    _refuse_other_machines(name, architecture)
    layers = (base_layer(), identity_layer(name))
    return StandIn(name, architecture, layers, ("/bin/bash",), _ENVIRONMENT)


def _nginx(name: str, architecture: str) -> StandIn:
    """Make `nginx:alpine`, which is built on `nginx:alpine-slim` as the real one is."""
    _refuse_other_machines(name, architecture)
    layers: tuple[Layer, ...] = (base_layer(), identity_layer("nginx"), page_layer())
    if name == "nginx:alpine":
        layers = (*layers, tools_layer())
    return StandIn(name, architecture, layers, ("/bin/echo", NO_NGINX), _ENVIRONMENT)


def _refuse_other_machines(name: str, architecture: str) -> None:
    if sys.platform != "linux":
        raise StandInProblem("standin.host_not_linux", name=name)
    if architecture != host_architecture():
        raise StandInProblem("standin.other_machine", name=name, platform=f"linux/{architecture}")


_MAKERS: dict[str, Callable[[str, str], StandIn]] = {
    "hello-world": _hello_world,
    "centos": _with_tools,
    "ubuntu": _with_tools,
    "debian": _bare,
    "nginx:alpine": _nginx,
    "nginx:alpine-slim": _nginx,
}
