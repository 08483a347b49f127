"""A question to be answered with mouse or keyboard, before the result is shown.

Python keeps the state; the browser shows it and sends what was chosen. So a choice counts only when
Python has taken it, and the lock is not the browser's to open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import anywidget
import traitlets

_HERE = Path(__file__).parent

Kind = Literal["choice", "number", "order"]


class PredictWidget(anywidget.AnyWidget):
    """The form of one question.

    `labels` are the words on it in the reader's language: `title`, `lock`, `up`, `down`, `number`,
    `silent` (the kernel has gone).
    `state` is the sentence below it, which a screen reader speaks whenever it changes.
    """

    _esm = _HERE / "widget.js"
    _css = _HERE / "style.css"

    kind = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    labels = traitlets.Dict().tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)
    is_open = traitlets.Bool(default_value=True).tag(sync=True)

    def __init__(self, *, on_answer: Callable[[str], object], **traits: object) -> None:
        super().__init__(**traits)
        self._on_answer = on_answer
        self.on_msg(self._receive)

    def _receive(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Take ``{"answer": …}``: letters in their order, or the number as it was typed.

        Anything that is not ours to understand is left alone.
        """
        answer = content.get("answer")
        if isinstance(answer, str):
            self._on_answer(answer)

    def __repr__(self) -> str:
        return f"<PredictWidget {self.kind}>"
