"""Both languages say everything, and nothing that nobody says."""

import ast
import re
import string
from pathlib import Path

import pytest

from dockerlab import messages

PACKAGE = Path(messages.__file__).parent


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def string_literals() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_both_languages_have_the_same_keys() -> None:
    assert messages.sentences("en").keys() == messages.sentences("zh").keys()


@pytest.mark.parametrize("key", sorted(messages.sentences("en")))
def test_placeholders_are_the_same(key: str) -> None:
    english, chinese = messages.sentences("en")[key], messages.sentences("zh")[key]
    assert placeholders(english) == placeholders(chinese)


def test_every_sentence_is_used() -> None:
    used = string_literals()
    unused = {key for key in messages.sentences("en") if key not in used}
    # A module may put its keys together from a prefix and an event's name.
    prefixes = {literal for literal in used if literal.endswith(".") and " " not in literal}
    assert not {key for key in unused if not any(key.startswith(each) for each in prefixes)}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*zh.toml")), ids=lambda path: path.name)
def test_chinese_has_chinese_punctuation(path: Path) -> None:
    # What stands in backticks is typed, and keeps the punctuation of what it is typed into.
    prose = re.sub(r"`[^`]*`", "", path.read_text())
    assert not re.findall(r".{0,8}[\u4e00-\u9fff][,:;?!(].{0,8}|.{0,8}[,;)][\u4e00-\u9fff]", prose)


def test_chinese_is_chinese() -> None:
    same = {
        key
        for key, sentence in messages.sentences("zh").items()
        if sentence == messages.sentences("en")[key] and any(map(str.isalpha, sentence))
    }
    # Names of products, and of variables, are the same everywhere.
    assert same <= {
        "source.host",
        "engine.podman",
        "card.rights_root",
        "graph.words_message",
        "doctor.line",
    }


@pytest.mark.parametrize(
    ("environ", "folder", "expected"),
    [
        ({}, "/", "en"),
        ({"LANG": "zh_CN.UTF-8"}, "/", "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "/", "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "/", "zh"),
        ({"LANG": "de_DE.UTF-8"}, "/", "en"),
        ({"LANG": "zh_CN.UTF-8"}, "/course/notebooks/en", "en"),
        ({"LANG": "C.UTF-8"}, "/course/notebooks/zh", "zh"),
        ({"DOCKERLAB_LANG": "en"}, "/course/notebooks/zh", "en"),
        ({"DOCKERLAB_LANG": "zh-Hans"}, "/", "zh"),
        ({"DOCKERLAB_LANG": "klingon", "LANG": "zh_CN"}, "/", "zh"),
    ],
)
def test_language_is_the_readers(environ: dict[str, str], folder: str, expected: str) -> None:
    assert messages.language(environ=environ, folder=Path(folder)) == expected
