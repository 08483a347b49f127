"""What may be asked of a new volume, and how Docker's ``local`` driver refuses the rest."""

from collections.abc import Mapping

from dockerlab.engine.errors import InvalidParameter, NotFound, NotImplementedHere
from dockerlab.engine.restricted_names import ALLOWED, NAME

DRIVER = "local"

_MOUNT_OPTIONS = frozenset({"type", "o", "device", "size"})


def check_name(name: str) -> None:
    """Refuse what is no name of a volume; raises InvalidParameter."""
    if len(name) == 1:
        raise InvalidParameter(
            f"create {name}: volume name is too short, names should be at least two alphanumeric"
            " characters"
        )
    if not NAME.fullmatch(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name,'
            f' only "{ALLOWED}" are allowed. If you intended to pass a host directory,'
            " use absolute path"
        )


def check_driver(name: str, driver: str, options: Mapping[str, str]) -> None:
    """Refuse drivers and options that there are not.

    Raises:
        NotFound: there is no such driver.
        InvalidParameter: there is no such option.
        NotImplementedHere: it asks for a file system to be mounted.

    """
    if driver not in ("", DRIVER):
        raise NotFound(
            f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found'
        )
    for option in options:
        if option not in _MOUNT_OPTIONS:
            raise InvalidParameter(f'create {name}: invalid option: "{option}"')
    if options:
        raise NotImplementedHere(
            f"create {name}: the embedded engine keeps volumes in directories of its own and mounts"
            " no file system for them; leave the options away"
        )
