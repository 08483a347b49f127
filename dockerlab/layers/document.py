"""An analysis as JSON: `docs/analysis.schema.json` describes it, and a test holds both equal."""

from __future__ import annotations

from typing import Any

from dockerlab.layers.analysis import Analysis, AnalyzedLayer
from dockerlab.layers.entry import Entry

VERSION = 1
"""Grows when a field changes its meaning or goes; new fields alone do not count."""


def as_document(analysis: Analysis) -> dict[str, Any]:
    r"""Return `analysis` in terms of JSON. All sizes are bytes.

    Bytes of a name that are not UTF-8 are written as `\xff`.
    """
    return {
        "version": VERSION,
        "image": {
            "id": analysis.id,
            "tags": list(analysis.tags),
            "size": analysis.size,
            "efficiency": analysis.efficiency.score,
            "wasted_bytes": analysis.efficiency.wasted_bytes,
            "wasted_share": analysis.wasted_share,
        },
        "layers": [_layer(index, each) for index, each in enumerate(analysis.layers)],
        "waste": [
            {"path": _text(each.path), "layers": each.layers, "size": each.size}
            for each in analysis.efficiency.paths
        ],
    }


def _layer(index: int, each: AnalyzedLayer) -> dict[str, Any]:
    changes = each.changes
    return {
        "index": index,
        "command": each.layer.created_by,
        "digest": each.digest,
        "diff_id": each.layer.diff_id,
        "chain_id": each.layer.chain_id,
        "size": each.layer.size,
        "added": [_file(entry) for entry in changes.added],
        "modified": [_file(entry) for entry in changes.modified],
        "removed": [_file(entry) for entry in changes.removed],
        "unchanged": [_file(entry) for entry in changes.unchanged],
    }


def _file(entry: Entry) -> dict[str, Any]:
    return {
        "path": _text(b"/" + entry.path),
        "type": entry.type,
        "mode": entry.mode & 0o7777,
        "uid": entry.uid,
        "gid": entry.gid,
        "size": entry.size,
        "target": _text(entry.target),
    }


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
