"""The lessons' images as the test registry serves them: real images of these names, made here.

They come from the same ELF writer and the same gathering of the host's programs as the stand-ins,
but they stand in for nothing: to an engine they are what the registry has, without the label.
"""

from dockerlab.standins.catalog import make_standin
from dockerlab.standins.elf import Machine, say_and_exit
from tests.engines.images import Image, Layer, architecture, layer

_GREETING = """
Hello from Docker!
This message shows that your installation appears to be working correctly.

"""
_MACHINES = {"amd64": Machine.AMD64, "arm64": Machine.ARM64}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def hello_world() -> Image:
    """One layer with one program, which greets in the words that the real one begins with."""
    program = say_and_exit(_GREETING, _MACHINES[architecture()])
    only = layer({"hello": program}, made_by="COPY hello / # buildkit", executable=["hello"])
    return Image((only,), {"Env": [_PATH], "Cmd": ["/hello"]}, architecture())


def system(name: str) -> Image:
    """The image `name` (`centos`, `debian`, `ubuntu`) of the host's bash and commands."""
    standin = make_standin(name)
    layers = tuple(Layer(made.tar, made.made_by) for made in standin.layers)
    return Image(layers, {"Env": [_PATH], "Cmd": ["/bin/bash"]}, architecture())
