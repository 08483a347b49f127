"""Both languages say everything that the widgets say, and nothing that nobody says."""

import re
from pathlib import Path

import pytest

from dockerlab.widgets import texts

PACKAGE = Path(texts.__file__).parents[1]


def _places(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_both_languages_have_the_same_keys() -> None:
    assert texts.sentences("en").keys() == texts.sentences("zh").keys()


@pytest.mark.parametrize("key", sorted(texts.sentences("en")))
def test_both_say_the_same(key: str) -> None:
    english, chinese = texts.sentences("en")[key], texts.sentences("zh")[key]
    assert _places(english) == _places(chinese)
    assert re.search(r"[\u4e00-\u9fff]", chinese), "this is not Chinese"


def test_every_sentence_is_used() -> None:
    python = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    browser = {
        path.parent.name: path.read_text() for path in (PACKAGE / "widgets").glob("*/widget.js")
    }

    def is_used(key: str) -> bool:
        widget, _, name = key.partition(".browser.")
        if not name:
            # A field's and a group's sentences are asked for by the field's key.
            is_fields = key.startswith(("inspect.name.", "inspect.about.", "inspect.group."))
            return f'"{key.rpartition(".")[2] if is_fields else key}"' in python
        # The still form uses some of them, too; a status is asked for by its name.
        is_status = name in {"added", "modified", "removed", "unchanged"}
        return f"texts.{name}" in browser[widget] or f'"{name}"' in python or is_status

    assert [key for key in texts.sentences("en") if not is_used(key)] == []
