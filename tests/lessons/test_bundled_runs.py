"""The bundled lessons at their own seed: what they expect comes out, their claims hold, and their texts can be filled."""

from __future__ import annotations

import pytest

from refine_core.experiments import Experiments
from refine_core.lessons import build_experiment, fill_text, list_lessons, take_measures
from refine_core.lessons.expressions import evaluate
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore

LONG_S = 100.0
LESSONS = [lesson for lesson in list_lessons() if lesson.number > 5]


@pytest.fixture(scope="module", params=LESSONS, ids=lambda lesson: lesson.name)
def done(request):
    """A lesson and its measures."""
    lesson, runs = request.param, Runs(MemoryStore())
    known = Experiments(runs)
    experiment_id = known.start(build_experiment(lesson, runs.store))
    known.join(experiment_id, LONG_S)
    yield lesson, take_measures(lesson, known.get(experiment_id), runs.timeline)
    runs.close()


def test_what_a_lesson_expects_comes_out(done):
    lesson, values = done
    assert {name: values[name] for name in lesson.measures} == lesson.expected


def test_the_claims_of_a_lesson_hold(done):
    lesson, values = done
    assert lesson.claims
    assert [claim for claim in lesson.claims if not evaluate(claim, values)] == []


def test_the_texts_of_a_lesson_know_all_that_they_say(done):
    lesson, values = done
    for heading in lesson.texts:
        text = fill_text(lesson, heading, values)
        assert text
        assert "unknown" not in text
