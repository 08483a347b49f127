"""Giving a container another name: ``docker rename``."""

from dockerlab.engine.containers import names
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import Conflict, InvalidParameter


def rename(register: Register, reference: str, name: str) -> None:
    """See ``Containers.rename``, which raises what this raises."""
    if not reference or not name:
        raise InvalidParameter("Neither old nor new names may be empty")
    container = register.find(reference)
    if name.removeprefix("/") == container.name:
        raise InvalidParameter("Renaming a container with the same name as its current name")
    try:
        new = names.check(name if name.startswith("/") else f"/{name}")
    except InvalidParameter as error:
        raise InvalidParameter(f"Error when allocating new name: {error}") from None
    try:
        register.rename(container, new)
    except Conflict as error:
        raise Conflict(f"Error when allocating new name: {error}") from None
    renamed = register.find(container.id)
    register.publish(renamed, "rename", oldName=f"/{container.name}")
