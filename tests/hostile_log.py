"""A log with the same text wherever an event holds one: for laws and pages that must show any text as text."""

from __future__ import annotations

from dataclasses import replace

from refine_core import events as ev
from refine_core.spec import ModelSpec, StageSpec, ValidatorSpec
from tests import logs


def hostile_log(
    text: str,
    *,
    finished: bool = True,
    run_id: str = "run-1",
    started_at: float = logs.START,
    value: object = None,
    inputs: object = None,
) -> logs.Log:
    """Two attempts, of which the second fails. value: of another output field. inputs: of another input."""
    log = logs.Log(stages=("answer",), N=4, started_at=started_at, run_id=run_id)
    started = log.records[0].event
    model = ModelSpec(kind="litellm", model=f"openai/{text}", api_base="http://127.0.0.1:9/v1")
    spec = replace(
        started.spec,
        inputs={"question": text, "extra": {text: [text]}, text: inputs},
        title=text,
        reward=f"{started.spec.reward}  # {text}",
        reward_name=text,
        model=model,
        stages=(StageSpec("answer", "question -> answer", instructions=text, descriptions={"answer": text}),),
        validators=(ValidatorSpec(text, text, text),),
        advice_instructions=text,
    )
    log.records[0] = replace(log.records[0], event=replace(started, spec=spec))
    for index in range(2):
        log.hints = {"answer": text} if index else {}
        span = log.begin()
        here = f"{span}/answer"
        log.emit(here, ev.ModuleStarted("answer", {"question": text}, text))
        message = {"role": "user", "content": f"[[ ## hint_ ## ]]\n{text}"}
        log.emit(f"{here}/lm", ev.LMRequested(text, (message,), {"stop": text}))
        log.emit(f"{here}/lm", ev.LMRetried(1, 0.1, ev.Fault("LMError", text, "model")))
        log.emit(f"{here}/lm", ev.LMReplied(text, 0.1, 1, 1, 0.0, served_by=text, finish_reason=text))
        log.emit(here, ev.ParseFailed((text,), {text: text}))
        log.emit(here, ev.PredictorTraced("answer", {"answer": text, text: text}))
        log.emit(here, ev.ModuleEnded("answer", 0.1, ev.Fault(text, text, "code") if index else None))
        log.emit(span, ev.RewardStarted(index, {"answer": text, text: {text: text}, "other": value}))
        if index:
            log.emit(span, ev.AttemptFailed(1, "reward", ev.Fault(text, text, "code", 1, stdout=text)))
            continue
        log.emit(
            span,
            ev.RewardScored(
                0,
                0.5,
                0.1,
                feedback=text,
                parts={text: 1.0},
                stdout=text,
                unmet={text: text},
                refusals=(text,),
            ),
        )
        log.emit(f"{span}/advice", ev.AdviceGiven(0, text, {"answer": text, text: text}, 0.1))
        log.emit("", ev.RunPaused("attempt", 1))
        log.emit("", ev.PauseEnded(1.0))
        log.emit("", ev.HintsEdited(1, {"answer": text}, ("answer",)))
    if finished:
        log.emit("", ev.RunFinished("error", 0, None, 1.0, ev.Fault(text, text, "code")))
    return log
