"""The lessons' images as the test registry serves them: real images of these names, made here.

They come from the same ELF writer and the same gathering of the host's programs as the stand-ins,
but they stand in for nothing: to an engine they are what the registry has, without the label.
`nginx` has the shape of the real one, not its contents: its layers are shared and made as there.
"""

import random
from dataclasses import replace

from dockerlab.standins.catalog import make_standin
from dockerlab.standins.elf import Machine, say_and_exit
from tests.engines.images import Image, Layer, architecture, busybox, layer, on_top_of

_GREETING = """
Hello from a container!
I am the hello-world of dockerlab's test registry, and I keep it short.
The one on Docker Hub has more to tell.

"""
_MACHINES = {"amd64": Machine.AMD64, "arm64": Machine.ARM64}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def hello_world() -> Image:
    """One layer with one program, which says whose greeting this is."""
    program = say_and_exit(_GREETING, _MACHINES[architecture()])
    only = layer({"hello": program}, made_by="COPY hello / # buildkit", executable=["hello"])
    return Image((only,), {"Env": [_PATH], "Cmd": ["/hello"]}, architecture())


def system(name: str) -> Image:
    """The image `name` (`centos`, `debian`, `ubuntu`) of the host's bash and commands."""
    standin = make_standin(name)
    layers = tuple(Layer(made.tar, made.made_by) for made in standin.layers)
    return Image(layers, {"Env": [_PATH], "Cmd": ["/bin/bash"]}, architecture())


def nginx_slim() -> Image:
    """A base and a few layers, as `nginx:alpine-slim` has; nothing here serves a page."""
    start = "#!/bin/sh\nexec sleep 1\n"
    layers = (
        layer(
            {"usr/sbin/nginx": _noise(4_600_000)},
            made_by="RUN /bin/sh -c apk add --no-cache nginx # buildkit",
        ),
        layer(
            {"docker-entrypoint.sh": start},
            made_by="COPY docker-entrypoint.sh / # buildkit",
            executable=["docker-entrypoint.sh"],
        ),
        layer(
            {"docker-entrypoint.d/20-envsubst-on-templates.sh": start},
            made_by="COPY 20-envsubst-on-templates.sh /docker-entrypoint.d # buildkit",
        ),
    )
    made = on_top_of(busybox(), *layers, Cmd=["/docker-entrypoint.sh"])
    # A day of its own: `docker images` lists by date, and a tie would be in no fixed order.
    return replace(made, created="2026-01-03T03:04:05Z")


def nginx() -> Image:
    """One layer more, as `nginx:alpine` has, which is made `FROM nginx:alpine-slim`."""
    modules = layer(
        {"usr/lib/nginx/modules/ngx_http_js_module.so": _noise(9_100_000)},
        made_by="RUN /bin/sh -c apk add --no-cache nginx-module-njs # buildkit",
    )
    return replace(on_top_of(nginx_slim(), modules), created="2026-01-04T03:04:05Z")


def _noise(size: int) -> bytes:
    """Bytes that do not compress, as programs hardly do, and are the same each time."""
    return random.Random(size).randbytes(size)  # noqa: S311 - nothing is secret here
