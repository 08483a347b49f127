"""Exercises that look at the engine's real state, predictions, and an honest score.

Nothing here is displayed: `dockerlab.notebook.exercise` and `dockerlab.notebook.prediction` do.
"""

from dockerlab.exercises.catalog import LessonExercises, exercises_of, lessons_with_exercises
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.prediction import Choice, Number, Order, Prediction
from dockerlab.exercises.score import Guess, LessonScore, Tries, load_score
from dockerlab.exercises.verdict import Outcome, Verdict, not_attempted, passed, wrong

__all__ = [
    "Choice",
    "Exercise",
    "Guess",
    "LessonExercises",
    "LessonScore",
    "Number",
    "Order",
    "Outcome",
    "Prediction",
    "Tries",
    "Verdict",
    "exercises_of",
    "lessons_with_exercises",
    "load_score",
    "not_attempted",
    "passed",
    "wrong",
]
