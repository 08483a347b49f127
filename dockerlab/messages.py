"""What dockerlab says to people, in their language.

Every sentence a learner may read lives in `locales/en.toml` and `locales/zh.toml`, under the same
key with the same placeholders; the code holds keys only. `{name}` stands for a value.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
LOCALES = Path(__file__).parent / "locales"


def text(key: str, /, **values: object) -> str:
    """Return the sentence `key` in the reader's language, its placeholders filled in.

    >>> import os; os.environ["DOCKERLAB_LANG"] = "en"
    >>> text("connection.socket_missing", address="unix:///run/docker.sock")
    'There is no socket at unix:///run/docker.sock.'
    """
    return sentences(language())[key].format(**values)


def listed(names: Iterable[str]) -> str:
    """Return several names as a sentence of the reader's language lists them.

    >>> import os; os.environ["DOCKERLAB_LANG"] = "zh"
    >>> listed(["nginx", "centos"])
    'nginx、centos'
    """
    return text("list.between").join(names)


def language(*, environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> str:
    """Return `"en"` or `"zh"`: the language of the person in front of the screen.

    In this order: `DOCKERLAB_LANG`; the lesson that is open (a kernel's working directory is its
    notebook's folder, so `notebooks/zh/` speaks Chinese whatever the machine is set to); the
    locale by POSIX's precedence, `LC_ALL`, `LC_MESSAGES`, `LANG` (XBD section 8.2); English.
    """
    named = environ.get("DOCKERLAB_LANG", "")
    place = _lesson_folder(folder)
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG", "")
    for tag in (named, place, locale):
        found = tag.lower().replace("-", "_").split("_")[0].split(".")[0]
        if found in LANGUAGES:
            return found
    return "en"


def _lesson_folder(folder: Path | None) -> str:
    try:
        here = folder or Path.cwd()
    except FileNotFoundError:  # the working directory was removed underneath
        return ""
    return here.name if here.parent.name == "notebooks" else ""


@cache
def sentences(tag: str, folder: Path = LOCALES) -> Mapping[str, str]:
    """Return every sentence of one language, in this folder's file of it, by its dotted key."""
    with (folder / f"{tag}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file)))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
