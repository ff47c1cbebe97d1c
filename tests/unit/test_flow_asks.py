"""What a flow yields is what the domain asks for, so that whoever drives it by hand can read it, and answer it."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import refine_core
from refine_core import BaseLM, Predict, Refine, Validator, context
from refine_core.lm.types import Reply


class Model(BaseLM):
    """A model of a user's own; it must not be called, since the test answers in its place."""

    def complete(self, messages, params, **_):
        raise AssertionError("asked")


REPLIES = {
    "answer": "[[ ## answer ## ]]\n{0}\n\n[[ ## completed ## ]]",
    "advice": '[[ ## discussion ## ]]\nlong\n\n[[ ## advice ## ]]\n{{"self": "brief"}}\n\n[[ ## completed ## ]]',
}


def drive(flow, **answers):
    """Answer what the flow asks for, by the name of the effect. Returns the names in order, and the result."""
    asked, answer = [], None
    try:
        while True:
            asked.append(type(flow.send(answer)).__name__)
            answer = answers[asked[-1]]()
    except StopIteration as stop:
        return asked, stop.value


def test_a_refinement_asks_for_a_reply_a_rule_and_a_score():
    replies = iter([REPLIES["answer"].format("a"), REPLIES["advice"].format(), REPLIES["answer"].format("b")])
    scores = iter([0.0, 1.0])
    refine = Refine(
        Predict("question -> answer"),
        N=2,
        reward_fn=lambda inputs, prediction: 1 / 0,
        threshold=1.0,
        validators=[Validator("rule", lambda inputs, prediction: 1 / 0, "keep it")],
    )
    model = Model("m")
    with context(lm=model):
        asked, prediction = drive(
            refine._flow(question="?"),
            CheckSupport=lambda: True,
            DropUnsupported=lambda: model,
            CallModel=lambda: Reply(next(replies)),
            CallReward=lambda: next(scores),
            CheckRule=lambda: True,
        )
    attempt, advice = ["CallModel", "CallReward", "CheckRule"], ["CallModel"]
    assert asked == ["CheckSupport", "DropUnsupported", *attempt, *advice, *attempt]
    assert prediction.answer == "b"


def test_no_flow_of_the_domain_yields_a_bare_mechanism():
    """Outside refine_core/concurrency an effect is named for what is asked; a pause and a gathering are names already."""
    for module in pkgutil.walk_packages(refine_core.__path__, "refine_core."):
        if module.name.startswith(
            ("refine_core.concurrency", "refine_core.rewards.worker", "refine_core.store.migrations")
        ):
            continue
        text = Path(module.module_finder.find_spec(module.name, None).origin).read_text(encoding="utf-8")
        for mechanism in ("Blocking", "MaybeAwaitable", "SyncOrAsync", "FutureResult"):
            assert f"yield {mechanism}(" not in text, f"{module.name} yields {mechanism}"
