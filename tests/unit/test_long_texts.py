"""Long texts and many parts: what the chart and the ledger say of them is short, and soon said."""

from __future__ import annotations

import json
import time

import pytest

from refine_core import events as ev
from refine_core.figures import build_figure, build_ledger, build_story, describe_figure
from tests import logs

pytestmark = pytest.mark.fault(62)
MB = 1_000_000
KB = 1_000


def giant(attempts: int = 4, *, size: int = MB, parts: int = 50_000, spaces: bool = False) -> logs.Log:
    """A log in which whatever a model, a server or a reward may write is very long."""
    log = logs.Log(stages=("answer",), N=attempts + 1)
    for index in range(attempts):
        word = "same " if spaces else "x"
        text = f"{index} " + word * (size // len(word))
        log.hints = {"answer": text} if index else {}
        span = log.begin()
        here = f"{span}/answer"
        log.emit(here, ev.ModuleStarted("answer", {"question": text}, text))
        message = {"role": "user", "content": f"[[ ## hint_ ## ]]\n{text}\n\nReply with it"}
        log.emit(f"{here}/lm", ev.LMRequested("m", (message,), {}))
        log.emit(f"{here}/lm", ev.LMRetried(1, 0.1, ev.Fault("LMError", text, "model")))
        log.emit(f"{here}/lm", ev.LMReplied(text, 0.1, 1, 1, 0.0))
        outputs = {
            "answer": text,
            "list": list(range(parts)),
            **{f"field_{i}": text[:100] for i in range(50)},
        }
        log.emit(here, ev.PredictorTraced("answer", outputs))
        log.emit(here, ev.ModuleEnded("answer", 0.1))
        log.emit(span, ev.RewardStarted(index, outputs))
        scored = ev.RewardScored(
            index,
            0.1 * index,
            0.1,
            feedback=text,
            parts={f"part {i}": i / parts for i in range(parts)},
            stdout=text,
            unmet={f"rule {i}": text[: size // 10] for i in range(20)},
        )
        log.emit(span, scored)
        log.emit(f"{span}/advice", ev.AdviceGiven(index, text, {"answer": text}, 0.1))
    span = log.begin()
    log.emit(
        span,
        ev.AttemptFailed(
            attempts, "reward", ev.Fault("ValueError", "wrong " * (size // 6), "code", 1, stdout=text)
        ),
    )
    log.emit("", ev.RunFinished("attempts_used_up", attempts - 1, attempts - 1, 1.0))
    return log


@pytest.mark.parametrize("spaces", [False, True], ids=["one word", "many words"])
def test_the_chart_and_the_ledger_say_little_of_long_texts(spaces):
    line = giant(spaces=spaces).timeline
    began = time.process_time()
    figure = json.dumps(build_figure(line))
    rows = json.dumps([[(c.text, c.title) for c in row.cells.values()] for row in build_ledger(line)])
    took = time.process_time() - began
    assert len(figure) < 80 * KB
    assert len(rows) < 20 * KB
    assert len(str(build_story(line))) < 200 * KB
    assert len(describe_figure(line)) < 2 * KB
    assert took < 0.5


def test_a_shortened_value_says_that_it_goes_on():
    log = giant(1, size=2 * KB, parts=10)
    outputs = next(r.event.outputs for r in log.records if isinstance(r.event, ev.RewardStarted))
    assert len(outputs["answer"]) > 2 * KB
    (first, *_) = build_ledger(log.timeline)
    assert "…" in first.cells["output"].text
    assert first.cells["output"].title.endswith("…")
