"""`dockerlab pack`: images in a folder or a file, for places without a registry."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dockerlab.cli.progress import ReadProgress
from dockerlab.layers import familiar_name, full_name, human_size, printable
from dockerlab.messages import listed, text
from dockerlab.packs import (
    PackDamaged,
    PackedImage,
    PackProblem,
    create_pack,
    load_pack,
    opened,
    verify_pack,
)


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of `dockerlab`."""
    parser = commands.add_parser("pack", help=text("pack.help"))
    verbs = parser.add_subparsers(
        required=True, metavar="create|list|verify|load", parser_class=_AnyOrder
    )
    create = _verb(verbs, "create", _create, text("pack.help_create"))
    create.add_argument("images", nargs="*", metavar="IMAGE", help=text("pack.help_images"))
    create.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="OS/ARCH",
        help=text("pack.help_platform"),
    )
    create.add_argument("--pull", action="store_true", help=text("pack.help_pull"))
    listing = _verb(verbs, "list", _list, text("pack.help_list"))
    listing.add_argument("--json", action="store_true", help=text("command.json"))
    _verb(verbs, "verify", _verify, text("pack.help_verify"))
    load = _verb(verbs, "load", _load, text("pack.help_load"))
    load.add_argument("images", nargs="*", metavar="IMAGE", help=text("pack.help_chosen"))
    load.add_argument("--platform", default="", metavar="OS/ARCH", help=text("pack.help_other"))
    load.add_argument("--replace", action="store_true", help=text("pack.help_replace"))


class _AnyOrder(argparse.ArgumentParser):
    """Takes options between the pack and the images, too, as people type them."""

    _asked = False

    def parse_known_args(  # type: ignore[override] # typeshed has three signatures for it
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        if self._asked:  # by what is called below
            return super().parse_known_args(args, namespace)
        self._asked = True
        return self.parse_known_intermixed_args(args, namespace)


def _verb(
    verbs: argparse._SubParsersAction[_AnyOrder],
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=summary, description=summary)
    verb.add_argument("pack", type=Path, metavar="PACK", help=text("pack.help_path"))
    verb.set_defaults(run=lambda options: _run(run, options))
    return verb


def _run(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a verb; a full disk or a folder that may not be written is a sentence, too."""
    try:
        return run(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise PackProblem("pack.not_written", path=options.pack, reason=reason) from error


def _create(options: argparse.Namespace) -> int:
    from dockerlab.notebook.connect import open_connection  # noqa: PLC0415
    from dockerlab.standins.catalog import standin_names  # noqa: PLC0415

    images = [full_name(name) for name in options.images or standin_names()]
    with ReadProgress(key="pack.progress") as progress:
        pack = create_pack(
            open_connection().client,
            options.pack,
            images,
            platforms=options.platform,
            pull=options.pull,
            say=_say,
            progress=progress,
        )
    count, size = len(pack.images), human_size(_size_on_disk(options.pack))
    print(text("pack.created", path=options.pack, count=count, size=size))
    return 0


def _list(options: argparse.Namespace) -> int:
    with opened(options.pack, layers=False) as pack:
        if options.json:
            json.dump([_document(image) for image in pack.images], sys.stdout)
            sys.stdout.write("\n")
            return 0
        print(text("pack.columns"))
        for image in pack.images:
            for variant in image.variants:
                name = printable(familiar_name(image.name))
                size, digest = human_size(variant.size), variant.manifest.digest
                print(f"{name:<28} {variant.platform!s:<16} {size:>8}  {digest[:19]}")
        print(text("pack.total", count=len(pack.images), size=human_size(pack.size)))
    return 0


def _document(image: PackedImage) -> dict[str, object]:
    variants = [
        {
            "platform": str(variant.platform),
            "digest": variant.manifest.digest,
            "image_id": variant.config.digest,
            "size": variant.size,
            "layers": [layer.digest for layer in variant.layers],
        }
        for variant in image.variants
    ]
    return {"name": image.name, "digest": image.entry.digest, "variants": variants}


def _verify(options: argparse.Namespace) -> int:
    with (
        ReadProgress(key="pack.progress") as progress,
        opened(options.pack, progress=progress) as pack,
    ):
        faults = list(verify_pack(pack, progress=progress))
    for fault in faults:
        key = "pack.blob_missing" if fault.missing else "pack.blob_damaged"
        names = listed(printable(familiar_name(name)) for name in fault.images)
        _say(text(key, digest=fault.digest, images=names))
    if not faults:
        print(text("pack.whole", count=len(pack.images), size=human_size(pack.size)))
    return 1 if faults else 0


def _load(options: argparse.Namespace) -> int:
    from dockerlab.notebook.connect import open_connection  # noqa: PLC0415

    client = open_connection().client
    names = [full_name(name) for name in options.images]
    with (
        ReadProgress(key="pack.progress") as progress,
        opened(options.pack, progress=progress) as pack,
    ):
        try:
            loaded = load_pack(
                client,
                pack,
                images=names,
                platform=options.platform,
                replace=options.replace,
                progress=progress,
            )
        except PackDamaged as error:  # the folder may be the one that a file was unpacked into
            raise PackDamaged(path=options.pack, part=error.values["part"]) from error
    for key, done in (
        ("pack.loaded", loaded.new),
        ("pack.present", loaded.present),
        ("pack.kept", loaded.kept),
    ):
        for name in done:
            print(text(key, name=familiar_name(name)))
    for name in loaded.unsuitable:
        _say(text("pack.unsuitable", name=familiar_name(name), platform=loaded.platform))
    return 1 if loaded.unsuitable else 0


def _size_on_disk(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
