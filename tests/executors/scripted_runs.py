"""Scripts of tests/parity as runs of the app: a server plays the model, the reward is source text.

A script's calls are runs, one after another. What a reward gives depends on the reply's number alone, so that it need not remember.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from refine_core.errors import RefineError
from refine_core.python_parser import PARSING
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from tests.executors.same import tell
from tests.openai_server import Answer, OpenAIServer, status
from tests.parity.ours import Ours
from tests.parity.play import ModelBroke, ModelBrokeOddly, Play
from tests.parity.running import act
from tests.parity.scripts import Script
from tests.threads import run_to_end

REWARD = """
GIVEN = {given!r}

def reward(args, pred):
    numbers = [int(word) for word in str(pred.answer).split() if word.isdigit()]
    given = GIVEN[numbers[0] % len(GIVEN)] if numbers else 0.0
    if given == "raises":
        raise RuntimeError("the reward broke")
    if given == "spoils its inputs":
        args["notes"].append("the reward was here")
        return 0.25
    return {{"nan": float("nan"), "inf": float("inf"), "None": None, "text": "0.5"}}.get(given, given)
"""
ONE = (StageSpec("answer", "question, notes: list[str] -> answer"),)
STAGES: Mapping[str, tuple[StageSpec, ...]] = {
    "thought": (StageSpec("answer", "question -> answer", strategy="chain_of_thought"),),
    "two": (StageSpec("draft", "question -> draft"), StageSpec("check", "question, draft -> answer")),
    "three": (
        StageSpec("draft", "question, notes: list[str] -> draft"),
        StageSpec("check", "draft -> remark"),
        StageSpec("answer", "question, draft, remark -> answer", strategy="chain_of_thought"),
    ),
    "typed": (StageSpec("facts", "question -> count: int, sure: bool"), StageSpec("answer", "count: int -> answer")),
    "one signature": (StageSpec("one", "question -> draft"), StageSpec("other", "draft -> answer")),
}  # fmt: skip
"""Shape of a script -> the stages that stand for it; ONE for any other."""


def to_spec(script: Script, inputs: Mapping[str, Any], model: str, address: str) -> ProgramSpec:
    """One call of a script as the app runs it. A shape that only Python objects have is played as one or two stages."""
    temperature = script["temperatures"]["global"]
    return ProgramSpec(
        STAGES.get(script["shape"], ONE),
        REWARD.format(given=script["rewards"]),
        inputs={"question": inputs["question"], "notes": inputs.get("notes", [])},
        strategy=script["strategy"],
        N=script["N"],
        threshold=script["threshold"],
        fail_count=script["fail_count"],
        model=ModelSpec(
            "litellm",
            model=f"openai/{model}",
            api_base=address,
            temperature=None if temperature == "missing" else temperature,
            retries=0,
            cache=False,
            reply_format="json" if script["adapter"] == "json" else "chat",
        ),
    )


class Stage:
    """A server on which scripts are played, each by a model of its own name; several at once. What calls show of it no other stage knows."""

    def __init__(self) -> None:
        self._plays: dict[str, Play] = {}
        self.server = OpenAIServer(default=self._say)

    def play(self, runs: Runs, scripts: Sequence[Script], at_once: int) -> list[list[dict[str, Any]]]:
        """What happened in each call of each script: the log, what the model was asked, how it ended."""
        self._plays = {f"script-{i}": Play(script) for i, script in enumerate(scripts)}
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda name: _without(self.server.url, self._play(runs, name)), self._plays))

    def _say(self, body: dict[str, Any]) -> str | Answer:
        play = self._plays[body["model"]]
        try:
            with PARSING:  # the kinds of fields are read by `ast`
                return play.say("model", body["messages"], body)
        except ModelBroke:
            return status(500, "the model broke")
        except ModelBrokeOddly:
            return status(400, "the model broke oddly")

    def _play(self, runs: Runs, name: str) -> list[dict[str, Any]]:
        play, calls = self._plays[name], []
        for inputs in play.script["calls"]:
            del play.asked[:]
            try:
                run_id = runs.start(to_spec(play.script, inputs, name, self.server.url))
            except RefineError as error:
                calls.append({"refused": f"{type(error).__name__}: {error}"})
                continue
            run = run_to_end(runs, run_id, 120)
            calls.append(
                {
                    "log": tell(runs.events(run_id)),
                    "asked": list(play.asked),
                    "state": run.state,
                    "error": str(run.error),
                }
            )
        return calls


def _without(address: str, told: Any) -> Any:
    """The same, whatever the server's address."""
    if isinstance(told, dict):
        return {name: _without(address, value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_without(address, one) for one in told]
    return told.replace(address, "the address") if isinstance(told, str) else told


def play_objects(script: Script) -> list[dict[str, Any]]:
    """A script with all that only Python objects can be, as tests.parity compares it with dspy; for `batch`."""
    return act(Ours(), script)
