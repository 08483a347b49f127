"""What the engine says of itself and its machine: ``docker version`` and ``docker info``."""

import os
import platform

ENGINE_VERSION = "0.1.0"
PRODUCT = "dockerlab embedded engine"

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def go_architecture() -> str:
    """The machine's architecture in Go's words, as images name it."""
    machine = os.uname().machine
    return _ARCHITECTURES.get(machine, machine)


def version(*, api: str, oldest_api: str) -> dict[str, object]:
    """The body of ``GET /version``."""
    facts = {
        "Version": ENGINE_VERSION,
        "ApiVersion": api,
        "MinAPIVersion": oldest_api,
        "GitCommit": "",
        "GoVersion": f"none (Python {platform.python_version()})",
        "Os": "linux",
        "Arch": go_architecture(),
        "KernelVersion": os.uname().release,
        "BuildTime": "",
    }
    details = {key: value for key, value in facts.items() if key != "Version"}
    components = [
        {
            "Name": "Engine",
            "Version": ENGINE_VERSION,
            "Details": {**details, "Experimental": "false"},
        },
    ]
    return {"Platform": {"Name": PRODUCT}, "Components": components, **facts}
