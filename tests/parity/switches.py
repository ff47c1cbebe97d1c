"""Where we differ from dspy on purpose, each as one switch: what to replace in dspy's own source, and by what.

An edit is a few words of the original, which must be there exactly once, and what stands in their place. Edits that add
lines leave the line that they go by, so that several switches can add something at the same spot. The names that the
replacements use beside the original's own are defined in oracle.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REFINE = "dspy.predict.refine"
BEST_OF_N = "dspy.predict.best_of_n"
PREPARE = "dspy.predict.predict:Predict._forward_preprocess"
NOTE = "dspy.predict.predict:Predict._forward_postprocess"
PREDICT = "dspy.predict.predict:Predict.forward"
ADAPT = "dspy.adapters.chat_adapter:ChatAdapter.__call__"
PARSE = "dspy.adapters.chat_adapter:ChatAdapter.parse"
REPLY = "dspy.adapters.chat_adapter:ChatAdapter.format_assistant_message_content"
AS_JSON = "dspy.adapters.json_adapter:JSONAdapter.__call__"
NOTES = tuple(f"dspy.adapters.{name}_adapter:translate_field_type" for name in ("chat", "json"))
BOTH = (REFINE, BEST_OF_N)


@dataclass(frozen=True, slots=True)
class Edit:
    """In the source of `where` (a module, module:function or module:Class.method) the text `old` becomes `new`."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Switch:
    """One difference. name: a short claim about us. original: what dspy does instead."""

    name: str
    original: str
    edits: tuple[Edit, ...]


def edited(source: str, edits: Iterable[Edit]) -> str:
    """The source with the edits made, one after another. Raises LookupError where one does not fit exactly once."""
    for edit in edits:
        if (times := source.count(edit.old)) != 1:
            raise LookupError(
                f"{edit.where}: {edit.old!r} is there {times} times, not once; has dspy changed?"
            )
        source = source.replace(edit.old, edit.new)
    return source


def _after(where: str, line: str, added: str) -> Edit:
    """Add lines below a line. added: with the indent that they need."""
    return Edit(where, line, f"{line}\n{added}")


def _before(where: str, line: str, added: str) -> Edit:
    """Add lines above a line, of the same indent; `line` begins with its indent."""
    return Edit(where, line, f"{added}\n{line}")


def _in_both(old: str, new: str) -> tuple[Edit, ...]:
    return tuple(Edit(where, old, new) for where in BOTH)


_CALLER = Edit(
    PREDICT, "settings.context(send_stream=None)", "settings.context(send_stream=None, caller_predict=self)"
)
_WRAPPED = "                            def __call__(self, lm, lm_kwargs, signature, demos, inputs):"
_FORWARD = "    def forward(self, **kwargs):"
_FAILED = "            except Exception as e:"

SWITCHES: tuple[Switch, ...] = (
    Switch(
        "failures are counted afresh for each call",
        "the count that a call has used up is missing in the next call",
        tuple(
            _after(
                where,
                _FORWARD,
                "        self.fail_count = self.__dict__.setdefault('tolerated', self.fail_count)",
            )
            for where in BOTH
        ),
    ),
    Switch(
        "fail_count is how many failed attempts are tolerated",
        "an attempt's index is compared with a count that shrinks with each failure",
        _in_both("if idx > self.fail_count:", "if self.fail_count <= 0:"),
    ),
    Switch(
        "a fail_count of 0 tolerates none",
        "0 means N",
        _in_both("fail_count or N", "N if fail_count is None else fail_count"),
    ),
    Switch(
        "when every attempt failed, the last error is raised",
        "None is returned",
        tuple(
            edit
            for where in BOTH
            for edit in (
                _after(where, _FAILED, "                last_error = e"),
                _before(
                    where,
                    "        return best_pred",
                    "        if best_reward == -float('inf'): raise last_error",
                ),
            )
        ),
    ),
    Switch(
        "hints are keyed by a predictor's name",
        "by signature, so of two predictors with one signature both get the hint of the last",
        (
            _CALLER,
            Edit(
                REFINE,
                "advice.get(signature2name[signature],",
                "advice.get(known(dspy.settings.caller_predict, predictor2name),",
            ),
        ),
    ),
    Switch(
        "a predictor outside of the program's tree runs without a hint",
        "a KeyError fails the attempt, or the request for advice",
        (
            _CALLER,
            _after(
                REFINE,
                _WRAPPED,
                "                                if known(dspy.settings.caller_predict, predictor2name) is None:\n"
                "                                    return adapter(lm, lm_kwargs, signature, demos, inputs)",
            ),
            Edit(REFINE, "predictor2name[p]", "(known(p, predictor2name) or 'unknown')"),
        ),
    ),
    Switch(
        "a refinement inside of a refinement works, and each one's hints reach their predictors",
        "signatures and predictors are not found again, and the attempt or the request for advice fails",
        (
            *(
                _after(
                    where,
                    "            mod = self.module.deepcopy()",
                    "            descended(mod, self.module)",
                )
                for where in BOTH
            ),
            _after(REFINE, _WRAPPED, "                                inside = inputs.get('hint_')"),
            Edit(
                REFINE,
                "signature = signature.append(",
                "inputs['hint_'] = joined(inputs['hint_'], inside)\n"
                "                                if 'hint_' not in signature.fields: signature = signature.append(",
            ),
        ),
    ),
    Switch(
        "a program's own threads see the hints and add to the trace of their attempt",
        "settings are local to a thread: no hint there, and the trace is lost",
        (
            *_in_both("with dspy.context(trace=[]):", "with riding(mod, trace=[]):"),
            Edit(REFINE, "with dspy.context(adapter=", "with riding(mod, adapter="),
            Edit(
                PREDICT,
                "lm, config, signature, demos, kwargs = ",
                "resumed(self); lm, config, signature, demos, kwargs = ",
            ),
        ),
    ),
    Switch(
        "a failed request for advice costs no attempt",
        "it counts as a failed attempt, and may end the run",
        (
            _after(REFINE, "        for idx, t in enumerate(temps):", "            advising = False"),
            _before(
                REFINE, "                modules = dict(program_code=", "                advising = True"
            ),
            _after(REFINE, _FAILED, "                if advising: continue"),
        ),
    ),
    Switch(
        "the JSON fallback is tried on a parse error only",
        "on any error, so that a broken model is asked twice",
        (Edit(ADAPT, "isinstance(e, ContextWindowExceededError)", "type(e) is not ValueError"),),
    ),
    Switch(
        "BestOfN without a threshold makes all its attempts",
        "comparing with None fails every attempt",
        (
            Edit(
                BEST_OF_N,
                "if reward >= self.threshold:",
                "if self.threshold is not None and reward >= self.threshold:",
            ),
        ),
    ),
    Switch(
        "the trace does not hold the hints",
        "hint_ is among the inputs of every predictor's trace, and the adviser reads it there",
        (Edit(REFINE, 'inputs["hint_"] =', 'inputs = dict(inputs); inputs["hint_"] ='),),
    ),
    Switch(
        "the trace left behind does not hold the requests for advice",
        "they stand in it before the program's own calls",
        (Edit(REFINE, "dspy.Predict(OfferFeedback)(", "dspy.Predict(OfferFeedback)(_trace=False, "),),
    ),
    Switch(
        "advice is asked of the program's own model",
        "of the one in force for all, and where there is none the attempt fails",
        (Edit(REFINE, "**advise_kwargs).advice", "**advise_kwargs, lm=lm).advice"),),
    ),
    Switch(
        "several models in one program keep their places and follow schedules of their own",
        "get_lm raises before the first attempt",
        tuple(
            edit
            for where in BOTH
            for edit in (
                Edit(where, "self.module.get_lm() or dspy.settings.lm", "first_model(self.module)"),
                Edit(where, "mod.set_lm(lm_)", "tempered(mod, idx, self.N)"),
            )
        ),
    ),
    Switch(
        "a missing temperature does not break the run",
        "a KeyError comes before the first attempt; None is sent as it is",
        _in_both('lm.kwargs["temperature"]', '(lm.kwargs.get("temperature") or 0.0)'),
    ),
    Switch(
        "a missing outer trace does not break the run",
        "an AttributeError comes once the work is done",
        _in_both(
            "dspy.settings.trace.extend(", "dspy.settings.trace is not None and dspy.settings.trace.extend("
        ),
    ),
    Switch(
        "a configured adapter does not break the run",
        "its class is made anew without arguments, which fails every attempt with a hint",
        (Edit(REFINE, "adapter=WrapperAdapter()", "adapter=WrapperAdapter.__new__(WrapperAdapter)"),),
    ),
    Switch(
        "a reward must be a finite number",
        "NaN passes for a reward that is never best, infinity for a good one",
        tuple(
            _before(
                where, "                if reward > best_reward:", "                reward = finite(reward)"
            )
            for where in BOTH
        ),
    ),
    Switch(
        "inputs that an attempt changed do not leak",
        "the next attempt, the reward and the caller see the changes",
        tuple(
            edit
            for where in BOTH
            for edit in (
                _after(where, _FORWARD, "        asked = kwargs"),
                _after(
                    where,
                    "            mod = self.module.deepcopy()",
                    "            kwargs = copy.deepcopy(asked)",
                ),
                Edit(where, "self.reward_fn(kwargs,", "self.reward_fn(copy.deepcopy(asked),"),
            )
        )
        + (Edit(REFINE, "program_inputs=kwargs", "program_inputs=asked"),),
    ),
    Switch(
        "missing inputs are an error",
        "a warning is logged and the model is asked without them",
        (_before(PREPARE, "            logger.warning(", "            raise Unfit"),),
    ),
    Switch(
        "inputs are read as the types of their fields",
        "any value is taken as it is; the model is asked with it, and the trace holds it",
        (
            Edit(
                PREPARE,
                "return lm, config, signature, demos, kwargs",
                "return lm, config, signature, demos, fitted(signature, kwargs)",
            ),
        ),
    ),
    Switch(
        "the trace holds the inputs that the signature names, which are those that the model was shown",
        "whatever the predictor was called with",
        (
            Edit(
                NOTE,
                "{**kwargs}",
                "{k: v for k, v in kwargs.items() if k in signature.input_fields or k == 'hint_'}",
            ),
        ),
    ),
    Switch(
        "a program returns a prediction, or a dict that becomes one",
        "anything is scored, and the request for advice then fails on what is no dict",
        tuple(
            _before(
                where,
                "                    trace = dspy.settings.trace.copy()",
                f"                    returned({name})",
            )
            for where, name in ((REFINE, "outputs"), (BEST_OF_N, "pred"))
        ),
    ),
    Switch(
        "blank advice is no advice",
        "the predictor is given a hint without a word in it",
        (Edit(REFINE, ', "N/A")', ', "N/A").strip() or "N/A"'),),
    ),
    Switch(
        "advice that names nobody leaves everybody without advice",
        "the next attempt runs without the hint's field",
        (Edit(REFINE, "if not advice:", "if advice is None:"),),
    ),
    Switch(
        "pydantic values are shown to the adviser as data",
        "as <non-serializable: …>",
        (
            _after(
                REFINE,
                "def recursive_mask(o):",
                "    if hasattr(o, 'model_dump'): return o.model_dump(mode='json')",
            ),
        ),
    ),
    Switch(
        "a bare predictor sends the adviser its signature",
        "the library's own source of the class Predict",
        (Edit(REFINE, "inspect.getsource(module.__class__)", "code_of(module)"),),
    ),
    Switch(
        "an indented marker is a marker",
        "what is left of it stands in the value",
        (Edit(PARSE, "line[match.end() :]", "line.strip()[match.end() :]"),),
    ),
    Switch(
        "JSON is asked for once, as any object",
        "first by a schema and then as any object; if both fail, a RuntimeError says so",
        (Edit(AS_JSON, "if _has_open_ended_mapping(signature):", "if True:"),),
    ),
    Switch(
        "a demo's reply ends as a reply must end",
        "it lacks the marker that the model is asked to end with",
        (
            Edit(
                REPLY,
                "            },\n        )",
                "            },\n        ) + '\\n\\n[[ ## completed ## ]]'",
            ),
        ),
    ),
    Switch(
        "the note under an enum lists its values",
        "the names of its members",
        tuple(
            Edit(
                where, "'; '.join(field_type.__members__)", "'; '.join(str(one.value) for one in field_type)"
            )
            for where in NOTES
        ),
    ),
    Switch(
        "numbers that make no sense are refused at once",
        "N = 0 makes no attempt and returns None",
        tuple(
            _before(where, "        self.module = module", "        sensible(N, fail_count)")
            for where in BOTH
        ),
    ),
    Switch(
        "nothing is printed",
        "a failed attempt is printed",
        (
            Edit(REFINE, 'print(f"Refine: ', 'logger.info(f"Refine: '),
            Edit(BEST_OF_N, 'print(f"BestOfN: ', 'logger.info(f"BestOfN: '),
        ),
    ),
)
NAMES: tuple[str, ...] = tuple(switch.name for switch in SWITCHES)
