"""One image in full: ``docker inspect`` and ``docker history``."""

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.images.library import Library, digests, tags
from dockerlab.engine.images.model import Details, GraphDriver, HistoryEntry, Layers, Tagging
from dockerlab.engine.metadata.images import NEVER, Image
from dockerlab.engine.oci import ImageConfig
from dockerlab.engine.timestamp import SECOND, ZERO, format_rfc3339, parse_rfc3339

MISSING = "<missing>"


def inspect(library: Library, image: Image) -> Details:
    """All that is known of an image; raises DataLoss when the store is damaged."""
    config = library.config(image)
    return Details(
        id=image.image_id,
        repo_tags=tags(image),
        repo_digests=digests(image),
        parent=image.parent or "",
        comment=config.comment or (config.history[-1].comment if config.history else ""),
        created=config.created,
        docker_version=config.docker_version,
        author=config.author,
        architecture=config.architecture,
        variant=config.variant,
        os=config.os or "linux",
        os_version=config.os_version,
        size=image.size,
        graph_driver=_graph_driver(library, image),
        root_fs=Layers(config.rootfs.type, config.rootfs.diff_ids),
        metadata=Tagging(ZERO if image.tagged == NEVER else format_rfc3339(image.tagged)),
        config=config.config,
    )


def history(library: Library, image: Image) -> tuple[HistoryEntry, ...]:
    """The steps in an image's making, newest first.

    Raises:
        DataLoss: its config tells of more layers than there are.

    """
    steps = _steps(library, image)
    entries: list[HistoryEntry] = []
    ancestor: Image | None = image
    for created, created_by, comment, size in reversed(steps):
        entries.append(
            HistoryEntry(
                id=ancestor.image_id if ancestor else MISSING,
                created=created,
                created_by=created_by,
                tags=(tags(ancestor) or None) if ancestor else None,
                size=size,
                comment=comment,
            )
        )
        parent = ancestor.parent if ancestor else None
        ancestor = library.records.find(parent) if parent else None
    return tuple(entries)


def created_seconds(config: ImageConfig) -> int:
    """When the image was made, in Unix seconds; 0 where its config does not say."""
    return parse_rfc3339(config.created) // SECOND if config.created else 0


def _steps(library: Library, image: Image) -> list[tuple[int, str, str, int]]:
    sizes = iter([layer.size for layer in library.layers.chain(image.chain_id)])
    steps = []
    for step in library.config(image).history:
        size = 0
        if not step.empty_layer:
            found = next(sizes, None)
            if found is None:
                raise DataLoss("too many non-empty layers in History section")
            size = found
        created = parse_rfc3339(step.created) // SECOND if step.created else 0
        steps.append((created, step.created_by, step.comment, size))
    return steps


def _graph_driver(library: Library, image: Image) -> GraphDriver:
    if image.chain_id is None:
        return GraphDriver(library.snapshots.name, None)
    chain = library.layers.chain(image.chain_id)
    directories = [str(library.snapshots.directory(layer.chain_id)) for layer in reversed(chain)]
    data = {"UpperDir": directories[0]}
    if directories[1:]:
        data["LowerDir"] = ":".join(directories[1:])
    return GraphDriver(library.snapshots.name, data)
