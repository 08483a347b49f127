"""Start, find and stop the engine: all that the rest of dockerlab knows of it."""

from dockerlab.engine.daemon.command import main
from dockerlab.engine.daemon.control import DEFAULT_IDLE, Status, start, status, stop
from dockerlab.engine.daemon.place import default_root, default_socket
from dockerlab.engine.daemon.process import run
from dockerlab.engine.errors import EngineError

__all__ = [
    "DEFAULT_IDLE",
    "EngineError",
    "Status",
    "default_root",
    "default_socket",
    "main",
    "run",
    "start",
    "status",
    "stop",
]
