from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.filters import Filters


def test_both_forms_are_read() -> None:
    assert Filters.from_json('{"a": ["x", "y"]}') == Filters.from_json(
        '{"a": {"x": true, "y": true}}'
    )
    assert Filters.from_json("") == Filters()
    assert "a" not in Filters()


@pytest.mark.parametrize("text", ["x", "[]", '{"a": 1}', '{"a": [1]}', "\ud800", "[" * 9999])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid filter"):
        Filters.from_json(text)


@given(st.text())
def test_anything_is_read_or_refused(text: str) -> None:
    with suppress(InvalidParameter):
        Filters.from_json(text)


def test_unknown_filters_are_named() -> None:
    with pytest.raises(InvalidParameter) as refused:
        Filters({"nosuch": ("1",)}).check({"label"})
    assert str(refused.value) == "invalid filter 'nosuch'"


@pytest.mark.parametrize(
    ("values", "answer"), [(("1",), True), (("true",), True), (("0",), False), (("false",), False)]
)
def test_yes_and_no(values: tuple[str, ...], answer: bool) -> None:
    assert Filters({"dangling": values}).boolean("dangling", default=not answer) is answer


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((), "invalid filter 'dangling'"),
        (("x",), "invalid filter 'dangling=[x]'"),
        (("1", "0"), "invalid filter 'dangling=[1 0]'"),
    ],
)
def test_neither_yes_nor_no(values: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        Filters({"dangling": values}).boolean("dangling", default=True)
    assert str(refused.value) == sentence


def test_labels_must_all_be_there() -> None:
    labels = {"a": "1", "b": ""}
    assert Filters({"label": ("a", "b=")}).labels("label", labels)
    assert not Filters({"label": ("a", "c")}).labels("label", labels)
    assert not Filters({"label": ("a=2",)}).labels("label", labels)
    assert Filters().labels("label", {})


def test_of_other_values_one_is_enough() -> None:
    wanted = Filters({"name": ("web", "(")})
    assert wanted.exactly("name", "web")
    assert not wanted.exactly("name", "web1")
    assert wanted.prefix("name", "web1")
    assert wanted.matches("name", "my-web")
    assert wanted.matches("name", "(")
    assert not wanted.matches("name", "db")
    assert Filters().matches("name", "db")
