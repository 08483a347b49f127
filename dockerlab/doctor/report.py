"""The doctor's report as a person reads it, and as a program does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from dockerlab.doctor.examination import Report
from dockerlab.messages import text


def as_text(report: Report) -> str:
    """Return the report in the reader's language, the verdict last."""
    return "\n".join(_lines(report))


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
    yield text("doctor.verdict_ready") if report.ready else text("doctor.verdict_not_ready")
    yield from (f"  - {need}" for need in report.needs)


def _places(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.tried')}"
    for place in report.places:
        outcome = text("doctor.taken") if place.taken else f"{text('doctor.passed')}: "
        mark = "✓" if place.taken else "·"
        where = f" ({place.address})" if place.address else ""
        yield f"  {mark} {text(place.source)}{where}: {outcome}{place.outcome}"


def _engine(report: Report) -> Iterator[str]:
    if report.engine is None:
        return
    facts = report.engine
    rights = text("card.rights_rootless") if facts.rootless else text("card.rights_root")
    yield f"\n{text('doctor.engine')}"
    yield f"  {facts.kind.title()} {facts.version}, API {facts.api_version}, {facts.platform}"
    yield f"  {text('card.runtime')}: {facts.runtime}"
    yield f"  {text('card.storage')}: {facts.storage}"
    yield f"  {text('card.rights')}: {rights}"


def _images(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.images')}"
    for answer in report.registries:
        if answer.answers:
            yield f"  ✓ {text('doctor.registry_yes', url=answer.url)}"
        else:
            yield f"  · {text('doctor.registry_no', url=answer.url, reason=answer.reason)}"
    possible = text("doctor.standins_possible")
    yield f"  ✓ {possible}" if report.standins else f"  · {text('doctor.standins_impossible')}"


def _programs(report: Report) -> Iterator[str]:
    yield f"\n{text('doctor.programs')}"
    for program in report.programs:
        found = program.path or text("doctor.missing")
        yield f"  {'✓' if program.path else '·'} {program.name}: {found}. {program.purpose}"
