"""docs/sdk-suite.md, made from the outcomes of the suite on each engine."""

from collections.abc import Iterator, Mapping

from tests.sdk.reasons import reason
from tests.sdk.results import ENGINES, Result
from tests.sdk.suite import Outcome, concerns_networks

AIMS = {"oci-root": 205, "oci-user": 200, "proot": 180}
"""How many tests that pass on Docker Engine, networks aside, are to pass here too."""

Found = Mapping[str, Mapping[str, Outcome]]
"""By engine, then by test."""

_HEAD = """\
# The Docker SDK's own tests

The Docker SDK for Python has integration tests, written to judge the SDK against Docker Engine.
Turned around they judge an engine. They are not part of this repository; from a checkout of
[docker/docker-py](https://github.com/docker/docker-py)

```console
$ sudo .venv/bin/python -m tests.sdk CHECKOUT
```

runs its files on images, builds, containers, exec, volumes, networks and the client, against a
Docker Engine without a bridge and against the embedded engine in each of its ways to run, and
writes this page. Left out are swarm, services, secrets and plugins, which the embedded engine has
none of. A small system, made of busybox, stands in for Alpine.

What counts is a test that passes on Docker Engine: the other columns count those among them that
pass there too. Tests of networks and ports stand apart: the embedded engine has the machine's own
network, and none.

"""


def page(results: Mapping[str, Result]) -> str:
    """The whole page, in Markdown."""
    found = {engine: result.outcomes for engine, result in results.items()}
    days = ", ".join(f"{ENGINES[each]} {result.day}" for each, result in results.items())
    return _HEAD + "\n".join(_tables(found)) + f"\n\nMeasured: {days}.\n"


def judged(reference: Mapping[str, Outcome], *, networks: bool) -> list[str]:
    """The tests that count: those that pass on Docker Engine."""
    passing = (name for name, outcome in reference.items() if outcome.kind == "passed")
    return sorted(name for name in passing if concerns_networks(name) == networks)


def passed(found: Found, engine: str, names: list[str]) -> int:
    """How many of these tests passed on this engine."""
    return sum(_kind(found, engine, name) == "passed" for name in names)


def _tables(found: Found) -> Iterator[str]:
    yield "| tests | " + " | ".join(ENGINES[engine] for engine in found) + " |"
    yield "| --- |" + " ---: |" * len(found)
    plain, networks = (judged(found["docker"], networks=each) for each in (False, True))
    for file in sorted({name.partition("::")[0] for name in plain}):
        yield _row(f"`{file}`", found, [name for name in plain if name.startswith(f"{file}::")])
    yield _row("**all of these**", found, plain)
    yield _row("networks and ports", found, networks)
    if aimed := [f"{ENGINES[engine]} {AIMS[engine]}" for engine in found if engine in AIMS]:
        yield f"\nThe aims, networks and ports aside: {', '.join(aimed)}."
    for engine in found:
        if engine != "docker":
            yield from _misses(found, engine, [*plain, *networks])


def _row(what: str, found: Found, names: list[str]) -> str:
    return f"| {what} | " + " | ".join(str(passed(found, each, names)) for each in found) + " |"


def _misses(found: Found, engine: str, names: list[str]) -> Iterator[str]:
    missed = [name for name in names if _kind(found, engine, name) != "passed"]
    yield f"\n## What {ENGINES[engine]}, misses\n"
    if not missed:
        yield "Nothing."
        return
    why: dict[str, list[str]] = {}
    for name in missed:
        said = found[engine][name].said if name in found[engine] else ""
        why.setdefault(reason(name, engine, said=said), []).append(name)
    yield "| reason | tests |"
    yield "| --- | --- |"
    for each, tests in why.items():
        yield f"| {each} | {'<br>'.join(_listed(test) for test in tests)} |"


def _listed(test: str) -> str:
    file, _, name = test.partition("::")
    return f"`{file} {name.rpartition('::')[2]}`"


def _kind(found: Found, engine: str, name: str) -> str:
    outcome = found[engine].get(name)
    return outcome.kind if outcome else "missing"
