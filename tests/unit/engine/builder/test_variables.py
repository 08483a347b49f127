from dockerlab.engine.builder.variables import Arguments
from dockerlab.engine.dockerfile.instructions import Pair


def test_only_what_was_declared_may_be_used() -> None:
    arguments = Arguments({"a": "1", "b": "2", "c": None})
    assert arguments.values() == {}
    arguments.declare([Pair("a", "default"), Pair("d", "default"), Pair("e", None)])
    assert arguments.values() == {"a": "1", "d": "default"}
    assert arguments.unused() == ["b", "c"]


def test_what_is_declared_for_from_must_be_declared_again() -> None:
    arguments = Arguments({})
    arguments.declare([Pair("v", "3")], for_from=True)
    stage = arguments.for_stage()
    assert arguments.values_for_from() == {"v": "3"}
    assert stage.values() == {}
    stage.declare([Pair("v", None)])
    assert stage.values() == {"v": "3"}
    assert arguments.for_stage().values() == {}


def test_proxies_need_no_declaration_and_leave_no_trace() -> None:
    arguments = Arguments({"HTTP_PROXY": "x"})
    assert arguments.values() == {"HTTP_PROXY": "x"}
    assert not arguments.shows("HTTP_PROXY")
    assert arguments.unused() == []
    arguments.declare([Pair("HTTP_PROXY", None)])
    assert arguments.shows("HTTP_PROXY")
    assert arguments.shows("other")
