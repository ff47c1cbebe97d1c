"""Plays a script to either library: what the model says, what the reward gives; and notes what it was asked.

Standard library only, as dspy's Python has nothing of ours. A reply is chosen by who asks and how often it has asked
before, so that both sides are told the same as long as they ask the same.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from tests.parity.reading import sections, structure

ADVICE = "advice"
MARKERS, AS_JSON = "markers", "json"


class ModelBroke(RuntimeError):  # noqa: N818 - no error of ours: the script asked for it
    """The model's own failure."""


class ModelBrokeOddly(ValueError):  # noqa: N818 - no error of ours: the script asked for it
    """The model's own failure, of the type that dspy uses for replies that do not parse."""


class RewardBroke(RuntimeError):  # noqa: N818 - no error of ours: the script asked for it
    """The reward's own failure."""


class ProgramBroke(RuntimeError):  # noqa: N818 - no error of ours: the script asked for it
    """The program's own failure."""


class Opaque:
    """A value that no JSON can hold."""

    def __str__(self) -> str:
        return "something opaque"


class Play:
    """One script as it is played. asked: every request to a model, in order. scored: every reward, in order."""

    def __init__(self, script: Mapping[str, Any]) -> None:
        self.script = script
        self.asked: list[dict[str, Any]] = []
        self.scored: list[dict[str, Any]] = []
        self._times: Counter[str] = Counter()

    def say(self, lm: str, messages: Sequence[Mapping[str, str]], params: Mapping[str, Any]) -> str:
        """What the model called `lm` replies. Raises what the script has it raise."""
        shown, request = sections(messages[-1]["content"])
        who = ADVICE if "reward_code" in shown else shown.get("stage", "?")
        how = MARKERS if "[[ ## completed ## ]]" in request else AS_JSON
        key = f"{who} {how}"
        kinds = self.script["replies"].get(key) or self.script["replies"][f"* {how}"]
        time = self._times[key]
        self._times[key] += 1
        said = kinds[time % len(kinds)]
        self.asked.append(
            {
                "who": who,
                "how": how,
                "lm": lm,
                "temperature": params.get("temperature"),
                "mode": _mode(params.get("response_format")),
                "hint": shown.pop("hint_", None),
                "shown": {name: _parse_field(name, text) for name, text in shown.items()},
                "said": said,
                "prompt": structure(messages),
            }
        )
        if who == ADVICE:
            return _advise(said, how, time, json.loads(shown["module_names"]))
        return _answer(said, how, time, who, _list_outputs(request))

    def reward(self, args: Mapping[str, Any], pred: Any) -> Any:
        """The next reward of the script. Raises RewardBroke where the script says so."""
        kinds = self.script["rewards"]
        given = kinds[len(self.scored) % len(kinds)]
        self.scored.append({"inputs": to_jsonable(args), "outputs": to_jsonable(pred), "given": given})
        if given == "raises":
            raise RewardBroke("the reward broke")
        if given == "spoils its inputs":
            args["notes"].append("the reward was here")
            return 0.25
        return {"nan": float("nan"), "inf": float("inf"), "None": None, "text": "0.5"}.get(given, given)


def rewarding(play: Play) -> Any:
    """The script's reward as a function; both libraries read its source."""

    def reward(args, pred):
        return play.reward(args, pred)

    return reward


def to_jsonable(value: Any) -> Any:
    """A copy of a value as JSON has it, with the type's name where JSON has nothing like it."""
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if hasattr(value, "model_dump"):
        return {type(value).__name__: value.model_dump(mode="json")}
    if isinstance(value, (list, tuple)):
        return [to_jsonable(one) for one in value]
    if hasattr(value, "keys"):
        return {str(name): to_jsonable(value[name]) for name in value.keys()}  # noqa: SIM118 - dspy's Example is no dict
    return f"<{type(value).__name__}>"


def _mode(response_format: Any) -> str | None:
    """How a model is asked for JSON: not at all, as any object, or by a schema."""
    if response_format is None:
        return None
    return response_format["type"] if isinstance(response_format, dict) else "schema"


def _list_outputs(request: str) -> list[str]:
    """The names of the outputs that a request asks for, in order."""
    quoted = re.findall(r"`([^`]+)`", request)
    names = [found[1] if (found := re.fullmatch(r"\[\[ ## (\w+) ## \]\]", one)) else one for one in quoted]
    return [name for name in names if name != "completed"]


def _value(name: str, time: int, who: str) -> Any:
    made = {
        "count": 3 + time,
        "sure": time % 2 == 0,
        "colour": "deep blue",
        "place": {"name": f"place {time}", "people": 10 * time},
    }
    return made.get(name, f"{name} {time} of {who}")


def _answer(kind: str, how: str, time: int, who: str, wanted: list[str]) -> str:
    fields = {name: _value(name, time, who) for name in wanted}
    if kind == "missing":
        fields.popitem()
    if kind == "extra":
        fields["aside"] = "nobody asked for this"
    if kind == "wrong type":
        fields |= {name: "[nothing like it" for name in ("count", "place") if name in fields}
    if kind == "fatal":  # a reply that reads well, and with which the program breaks
        fields[wanted[-1]] = "fatal"
    return _format_reply(kind, how, fields)


def _advise(kind: str, how: str, time: int, names: list[str]) -> str:
    advice: dict[str, Any] = {name: f"hint {time} for {name}" for name in names}
    if kind == "to nobody":
        advice = dict.fromkeys(names, "N/A")
    elif kind == "some names":
        advice = dict(list(advice.items())[:-1]) or {"nobody": "a hint for nobody"}
    elif kind == "more names":
        advice["nobody"] = "a hint for nobody"
    elif kind == "no names":
        advice = {}
    elif kind == "blank":
        advice[names[-1]] = ""
    elif kind == "several lines":
        advice[names[0]] = f"  first, {time}\n\nthen this\n"
    elif kind == "wrong type":
        advice[names[0]] = ["a", "list"]
    fields: dict[str, Any] = {"discussion": f"discussion {time}", "advice": advice}
    if kind == "missing":
        del fields["advice"]
    return _format_reply(kind, how, fields)


def _format_reply(kind: str, how: str, fields: Mapping[str, Any]) -> str:
    """The fields as the reply of this kind writes them. how: the format that was asked for."""
    marked = "\n\n".join(f"[[ ## {name} ## ]]\n{_text(value)}" for name, value in fields.items())
    marked += "\n\n[[ ## completed ## ]]"
    dumped = json.dumps(fields)
    match kind:
        case "raises":
            raise ModelBroke("the model broke")
        case "raises oddly":
            raise ModelBrokeOddly("the model broke oddly")
        case "garbage":
            return "I would rather talk about the weather."
        case "empty":
            return ""
        case "other format":
            return dumped if how == MARKERS else marked
        case "indented":
            return marked.replace("[[ ##", "   [[ ##") if how == MARKERS else json.dumps(fields, indent=4)
        case "on one line":
            return marked.replace(" ]]\n", " ]] ") if how == MARKERS else f"Here it is: {dumped}. Done."
        case "fenced":
            return f"Of course!\n\n{marked}" if how == MARKERS else f"```json\n{dumped}\n```"
        case "twice":
            return marked + "\n\n" + marked.replace("of", "again of") if how == MARKERS else dumped + dumped
    return marked if how == MARKERS else dumped


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parse_field(name: str, text: str) -> Any:
    """A field of a prompt as a value: JSON read, the modules' definitions as names, a library's source by its name."""
    if name == "modules_defn":
        return re.findall(r"^Module (.+)$|^\s*(?:\d+\. )(`\w+` \([^)]*\))", text, re.MULTILINE)
    if name == "program_code":
        if found := re.match(r"class (Predict|ChainOfThought)\b", text):
            return f"the library's source of {found[1]}"
        found = re.match(r"(Predict|ChainOfThought)\(", text)
        return f"the signature of a {found[1]}" if found else text
    if name != "reward_code":
        with contextlib.suppress(ValueError):
            return json.loads(text)
    return text
