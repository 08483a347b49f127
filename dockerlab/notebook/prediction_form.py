"""Show a prediction: as a form where a kernel can hear the answer, and as its still form always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerlab.exercises import Choice, Number, Prediction
from dockerlab.messages import text
from dockerlab.notebook.connect import in_notebook
from dockerlab.notebook.display import show, show_bundle

if TYPE_CHECKING:
    from dockerlab.notebook.prediction import OpenPrediction
    from dockerlab.widgets.predict.widget import PredictWidget

_WIDGET = "application/vnd.jupyter.widget-view+json"


def show_prediction(opened: OpenPrediction) -> None:
    """Show the question; JupyterLab draws the form, every other reader the still one."""
    if not in_notebook():
        show(opened.card)
        return
    form = make_form(opened)
    view = {"version_major": 2, "version_minor": 0, "model_id": form.model_id}
    show_bundle(
        {
            "text/plain": repr(opened.card),
            "text/html": opened.card._repr_html_(),
            _WIDGET: view,
        }
    )


def make_form(opened: OpenPrediction) -> PredictWidget:
    """Return the form of a prediction, bound to it."""
    from dockerlab.widgets.predict.widget import PredictWidget  # noqa: PLC0415

    def take(given: str) -> None:
        reply = opened.answer(given)
        if opened.is_open:  # not understood: the form says what it takes
            form.state = reply.title

    form = PredictWidget(
        on_answer=take,
        kind=_kind(opened.prediction),
        question=opened.texts.question,
        options=[list(option) for option in opened.options],
        unit=opened.texts.unit,
        labels=_labels(),
        state=opened.state(),
        is_open=opened.is_open,
    )

    def update() -> None:
        form.is_open, form.state = opened.is_open, opened.state()

    opened.watch(update)
    return form


def _kind(prediction: Prediction) -> str:
    if isinstance(prediction, Choice):
        return "choice"
    return "number" if isinstance(prediction, Number) else "order"


def _labels() -> dict[str, str]:
    return {
        "title": text("predict.title"),
        "lock": text("predict.lock"),
        "up": text("predict.up"),
        "down": text("predict.down"),
        "number": text("predict.number"),
        "silent": text("predict.silent"),
    }
