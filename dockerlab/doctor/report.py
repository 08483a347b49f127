"""The doctor's report as a person reads it, and as a program does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from dockerlab.connection import engine_name
from dockerlab.doctor.examination import Report
from dockerlab.messages import text


def as_text(report: Report) -> str:
    """Return the report in the reader's language, the verdict last."""
    return "\n".join(_lines(report))


def network_as_text(report: Report) -> str:
    """Return only where images come from, in the order of trying, and which place is used."""
    return "\n".join((*_images(report), "", text("doctor.network_verdict", source=_source(report))))


def as_json(report: Report) -> str:
    """Return the report as JSON: the fields of `Report`, and `ready`."""
    document = {"ready": report.ready, **dataclasses.asdict(report)}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(report: Report) -> Iterator[str]:
    yield text("doctor.title")
    yield from _places(report)
    yield from _engine(report)
    yield from _images(report)
    yield from _programs(report)
    if report.advice:
        yield f"\n{text('doctor.more')}"
        yield from (f"  - {advice}" for advice in report.advice)
    yield ""
    yield text(_verdict(report))
    yield from (f"  - {need}" for need in report.needs)


def _verdict(report: Report) -> str:
    if not report.ready:
        return "doctor.verdict_not_ready"
    return "doctor.verdict_images_only" if report.images_only else "doctor.verdict_ready"


def _source(report: Report) -> str:
    """The first place that has images to give."""
    for answer in report.registries:
        if answer.answers:
            return answer.url
    for pack in report.packs:
        if pack.images:
            return pack.path
    return text("doctor.source_standins" if report.standins else "doctor.source_nothing")


def _places(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.tried')}"
    for place in report.places:
        where = text(place.source)
        if place.address:
            where = text("doctor.at", name=where, address=place.address)
        outcome = text("doctor.taken")
        if not place.taken:
            outcome = text("doctor.line", name=text("doctor.passed"), value=place.outcome)
        yield f"  {_mark(yes=place.taken)} {text('doctor.line', name=where, value=outcome)}"


def _engine(report: Report) -> Iterator[str]:
    if report.engine is None:
        return
    facts = report.engine
    rights = text("card.rights_rootless") if facts.rootless else text("card.rights_root")
    yield f"\n{text('doctor.engine')}"
    name = engine_name(facts.kind)
    yield f"  {name} {facts.version}, API {facts.api_version}, {facts.platform}"
    for key, value in (
        ("card.runtime", facts.runtime),
        ("card.storage", facts.storage),
        ("card.rights", rights),
    ):
        yield f"  {text('doctor.line', name=text(key), value=value)}"


def _images(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.images')}"
    for answer in report.registries:
        line = text("doctor.registry_yes", url=answer.url, seconds=f"{answer.seconds:.2f}")
        if not answer.answers:
            line = text("doctor.registry_no", url=answer.url, reason=answer.reason)
        yield f"  {_mark(yes=answer.answers)} {line}"
    for pack in report.packs:
        line = text("doctor.pack_yes", path=pack.path, count=pack.images)
        if pack.problem:
            line = text("doctor.line", name=pack.path, value=pack.problem)
        yield f"  {_mark(yes=bool(pack.images))} {line}"
    line = text("doctor.standins_possible")
    if not report.standins:
        line = text("doctor.standins_impossible")
    yield f"  {_mark(yes=report.standins)} {line}"


def _programs(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.programs')}"
    for program in report.programs:
        found = program.path or text("doctor.missing")
        name = text("doctor.at", name=program.name, address=found)
        line = text("doctor.line", name=name, value=program.purpose)
        yield f"  {_mark(yes=bool(program.path))} {line}"


def _mark(*, yes: bool) -> str:
    return "✓" if yes else "·"
