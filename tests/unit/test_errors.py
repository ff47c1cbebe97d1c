"""Errors cross processes: each can be pickled and copied, with all that rides on it."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from refine_core import errors
from refine_core.events import Fault

FILLED = {
    "SignatureError": lambda cls: cls("no arrow", text="a", column=2),
    "SpecError": lambda cls: cls([errors.Problem("N", "must be at least 1", 1, 2)]),
    "InputError": lambda cls: cls("missing", field="q", signature="q -> a"),
    "ParseError": lambda cls: cls(signature="q -> a", reply="x", missing=("a",), invalid={"b": "no"}),
    "BatchError": lambda cls: cls("too many", failures=3, results=[1, None]),
    "LessonError": lambda cls: cls("02-best-of-n", [errors.Problem("text.md", "there is no text")]),
    "RewardError": lambda cls: cls("no", type_name="KeyError", line=3, stdout="o", frames=(("f", 1),)),
    "LMRateLimitError": lambda cls: cls("slow down", model="m", status=429, retry_after_s=2.0),
    "LMUnavailableError": lambda cls: cls("busy", model="m", status=503, retry_after_s=2.0),
    "AttemptError": lambda cls: cls("it failed", fault=Fault("KeyError", "it failed", "code")),
    "RecordingFailed": lambda cls: cls("full", cause=None),
}
CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, (errors.RefineError, errors.Halt))
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    "way", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_an_error_is_the_same_after_a_journey(cls, way):
    error = FILLED.get(cls.__name__, lambda made: made("trouble"))(cls)
    error.add_note("2 of 3 attempts failed")
    back = way(error)
    assert (type(back), str(back), back.args) == (cls, str(error), error.args)
    assert back.__dict__ == error.__dict__
    assert back.__notes__ == ["2 of 3 attempts failed"]
