"""Lessons: one claim each, predicted, run on real programs, compared and checked. Data in assets/lessons, one folder a lesson.

document   what a lesson is
"""

from refine_core.lessons.document import STEPS, Check, Example, Lesson, Measure, Prediction, Step

__all__ = ["STEPS", "Check", "Example", "Lesson", "Measure", "Prediction", "Step"]
