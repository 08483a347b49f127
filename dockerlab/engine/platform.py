"""Which platform this host is, and which image of several fits it.

The rules are containerd's (package ``platforms``), as Docker uses them: names are normalised, an
image for an older variant of the same processor runs too, and a host that can run both prefers its
own.
"""

import os
import re
from collections.abc import Iterator

from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.oci import Descriptor, Index, Platform

_ARCHITECTURES = {
    "i386": ("386", ""),
    "i686": ("386", ""),
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "amd64": ("amd64", None),
    "aarch64": ("arm64", None),
    "arm64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
}
"""Other names of a processor, and the variant they imply (None: the one given)."""

_VARIANTS = {
    "amd64": {"v1": ""},
    "arm64": {"8": "", "v8": "", "v8.0": "", "9": "v9", "9.0": "v9", "v9.0": "v9"},
    "arm": {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"},
}
_KNOWN_OS = frozenset({
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux",
    "macos", "nacl", "netbsd", "openbsd", "plan9", "solaris", "windows", "zos",
})  # fmt: skip
_KNOWN_ARCHITECTURES = frozenset({
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "wasm",
})  # fmt: skip
_PART = re.compile(r"[A-Za-z0-9_.-]+")


def host() -> Platform:
    """The platform of the running kernel."""
    machine = os.uname().machine
    return normalize(Platform(architecture=machine, os="linux"))


def normalize(platform: Platform) -> Platform:
    """The same platform with the names that Go and Docker use.

    >>> normalize(Platform(architecture="aarch64", os="Linux", variant="v8"))
    Platform(architecture='arm64', os='linux', variant='', os_version='', os_features=())
    """
    system = platform.os.lower() or "linux"
    architecture, variant = _normalize_architecture(platform.architecture, platform.variant)
    return Platform(
        architecture=architecture,
        os="darwin" if system == "macos" else system,
        variant=variant,
        os_version=platform.os_version,
        os_features=platform.os_features,
    )


def parse(text: str) -> Platform:
    """What ``--platform`` accepts: ``linux/arm64``, ``linux/arm/v6``, ``arm64``, ``linux``.

    Raises:
        InvalidParameter: it is no platform.

    """
    parts = text.split("/")
    if len(parts) > 3:
        raise InvalidParameter(f'"{text}": cannot parse platform specifier: invalid argument')
    for part in parts:
        if not _PART.fullmatch(part):
            raise InvalidParameter(
                f'"{part}" is an invalid component of "{text}": platform specifier component must '
                f'match "^[A-Za-z0-9_.-]+$": invalid argument'
            )
    if len(parts) > 1:
        return _parsed(parts[0], parts[1], parts[2] if len(parts) == 3 else "")
    if text.lower() in _KNOWN_OS:
        return Platform(architecture=host().architecture, os=normalize(_named(text)).os)
    if _normalize_architecture(text, "")[0] in _KNOWN_ARCHITECTURES:
        return _parsed("linux", text, "")
    raise InvalidParameter(f'"{text}": unknown operating system or architecture: invalid argument')


def format_platform(platform: Platform) -> str:
    """For people: ``linux/arm64/v8``.

    >>> format_platform(Platform(architecture="arm", os="linux", variant="v7"))
    'linux/arm/v7'
    """
    if not platform.os:
        return "unknown"
    system = f"{platform.os}({platform.os_version})" if platform.os_version else platform.os
    return "/".join(part for part in (system, platform.architecture, platform.variant) if part)


def rank(wanted: Platform, offered: Platform) -> int | None:
    """How well ``offered`` fits ``wanted``: 0 is best, None not at all."""
    candidate = normalize(offered)
    for place, runnable in enumerate(_runnable(normalize(wanted))):
        if (candidate.os, candidate.architecture, candidate.variant) == runnable:
            return place
    return None


def matches(wanted: Platform, offered: Platform) -> bool:
    """Whether an image whose config says ``offered`` may stand for ``wanted``.

    Many a config says no variant where its processor has some; that is forgiven.
    """
    if rank(wanted, offered) is not None:
        return True
    mine, theirs = normalize(wanted), normalize(offered)
    return not offered.variant and (mine.os, mine.architecture) == (theirs.os, theirs.architecture)


def choose(index: Index, wanted: Platform) -> Descriptor:
    """The manifest of an index that fits best; the first of equals.

    An entry that names no platform fits any, after those that name theirs.

    Raises:
        NotFound: none fits, in Docker's words.

    """
    best: tuple[int, int] | None = None
    for place, descriptor in enumerate(index.manifests):
        if descriptor.platform is None:
            fit: int | None = 1000
        else:
            fit = rank(wanted, descriptor.platform)
        if fit is not None and (best is None or (fit, place) < best):
            best = (fit, place)
    if best is None:
        raise NotFound(
            f"no matching manifest for {format_platform(normalize(wanted))} "
            "in the manifest list entries"
        )
    return index.manifests[best[1]]


def _named(system: str) -> Platform:
    return Platform(architecture="", os=system)


def _parsed(system: str, architecture: str, variant: str) -> Platform:
    found = normalize(Platform(architecture=architecture, os=system, variant=variant))
    # Without being asked, arm/v7 is plain "arm"; arm64 asked as v8 keeps the word.
    if not variant and found.architecture == "arm" and found.variant == "v7":
        return Platform(architecture="arm", os=found.os)
    if variant and found.architecture == "arm64" and not found.variant:
        return Platform(architecture="arm64", os=found.os, variant="v8")
    return found


def _normalize_architecture(architecture: str, variant: str) -> tuple[str, str]:
    name, implied = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), None))
    given = variant.lower() if implied is None else implied
    return name, _VARIANTS.get(name, {}).get(given, given)


def _runnable(wanted: Platform) -> Iterator[tuple[str, str, str]]:
    """What a host runs, best first: its own variant, then those before it."""
    system, architecture, variant = wanted.os, wanted.architecture, wanted.variant
    if architecture == "amd64":
        for version in range(_version(variant, 1), 1, -1):
            yield system, architecture, f"v{version}"
        yield system, architecture, ""
        yield system, "386", ""
    elif architecture == "arm":
        yield system, architecture, variant
        for version in range(_version(variant, 5) - 1, 4, -1):
            yield system, architecture, f"v{version}"
    elif architecture == "arm64":
        if variant:
            yield system, architecture, variant
        if variant.startswith("v9"):
            yield system, architecture, "v9"
        yield system, architecture, ""
        for version in range(8, 4, -1):
            yield system, "arm", f"v{version}"
    else:
        yield system, architecture, variant


def _version(variant: str, default: int) -> int:
    digits = variant.removeprefix("v")
    return int(digits) if digits.isdigit() else default
