"""What a learner wrote, read kindly: `3`, `"3"`, `"3 MB"`."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


def number(answer: object) -> float | None:
    """Return the number that an answer holds, or None if it holds none or several.

    >>> number(3), number("3"), number(" 14.5 MB"), number("14,5"), number("1 or 2")
    (3, 3.0, 14.5, 14.5, None)
    """
    if isinstance(answer, bool):
        return None
    if isinstance(answer, (int, float)):
        return answer if math.isfinite(answer) else None
    found = _NUMBER.findall(answer) if isinstance(answer, str) else []
    return float(found[0].replace(",", ".")) if len(found) == 1 else None


def word(answer: object) -> str:
    """Return an answer as one word in lower case, without what surrounds it.

    >>> word(" 'Latest' "), word(["latest"]), word(None)
    ('latest', 'latest', '')
    """
    if isinstance(answer, (list, tuple)) and len(answer) == 1:
        return word(answer[0])
    return answer.strip().strip("'\"`").strip().lower() if isinstance(answer, str) else ""
