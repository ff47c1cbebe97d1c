"""Where we differ from dspy on purpose, each as one switch: what to replace in dspy's own source, and by what.

The names that the replacements use beside the original's own are defined in oracle.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.parity.edits import (
    ADAPT,
    AS_JSON,
    BEST_OF_N,
    NOTE,
    NOTES,
    PARSE,
    PREDICT,
    PREPARE,
    REFINE,
    REPLY,
    Edit,
    after,
    after_in_both,
    before,
    before_in_both,
    in_both,
)


@dataclass(frozen=True, slots=True)
class Switch:
    """One difference. name: a short claim about us. original: what dspy does instead."""

    name: str
    original: str
    edits: tuple[Edit, ...]


_CALLER = Edit(
    PREDICT, "settings.context(send_stream=None)", "settings.context(send_stream=None, caller_predict=self)"
)
_WRAPPED = "                            def __call__(self, lm, lm_kwargs, signature, demos, inputs):"
_FORWARD = "    def forward(self, **kwargs):"
_COPIED = "            mod = self.module.deepcopy()"
_FAILED = "            except Exception as e:"

SWITCHES: tuple[Switch, ...] = (
    Switch(
        "failures are counted afresh for each call",
        "the count that a call has used up is missing in the next call",
        after_in_both(
            _FORWARD, "        self.fail_count = self.__dict__.setdefault('tolerated', self.fail_count)"
        ),
    ),
    Switch(
        "fail_count is how many failed attempts are tolerated",
        "an attempt's index is compared with a count that shrinks with each failure",
        in_both("if idx > self.fail_count:", "if self.fail_count <= 0:"),
    ),
    Switch(
        "a fail_count of 0 tolerates none",
        "0 means N",
        in_both("fail_count or N", "N if fail_count is None else fail_count"),
    ),
    Switch(
        "when every attempt failed, the last error is raised",
        "None is returned",
        (
            *after_in_both(_FAILED, "                last_error = e"),
            *before_in_both(
                "        return best_pred", "        if best_reward == -float('inf'): raise last_error"
            ),
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
                "advice.get(find_name(dspy.settings.caller_predict, predictor2name),",
            ),
        ),
    ),
    Switch(
        "a predictor outside of the program's tree runs without a hint",
        "a KeyError fails the attempt, or the request for advice",
        (
            _CALLER,
            after(
                REFINE,
                _WRAPPED,
                "                                if find_name(dspy.settings.caller_predict, predictor2name) is None:\n"
                "                                    return adapter(lm, lm_kwargs, signature, demos, inputs)",
            ),
            Edit(REFINE, "predictor2name[p]", "(find_name(p, predictor2name) or 'unknown')"),
        ),
    ),
    Switch(
        "a refinement inside of a refinement works, and each one's hints reach their predictors",
        "signatures and predictors are not found again, and the attempt or the request for advice fails",
        (
            *after_in_both(_COPIED, "            link_copies(mod, self.module)"),
            after(REFINE, _WRAPPED, "                                inside = inputs.get('hint_')"),
            Edit(
                REFINE,
                "signature = signature.append(",
                "inputs['hint_'] = join_hints(inputs['hint_'], inside)\n"
                "                                if 'hint_' not in signature.fields: signature = signature.append(",
            ),
        ),
    ),
    Switch(
        "a program's own threads see the hints and add to the trace of their attempt",
        "settings are local to a thread: no hint there, and the trace is lost",
        (
            *in_both("with dspy.context(trace=[]):", "with keep_context(mod, trace=[]):"),
            Edit(REFINE, "with dspy.context(adapter=", "with keep_context(mod, adapter="),
            Edit(
                PREDICT,
                "lm, config, signature, demos, kwargs = ",
                "restore_context(self); lm, config, signature, demos, kwargs = ",
            ),
        ),
    ),
    Switch(
        "a failed request for advice costs no attempt",
        "it counts as a failed attempt, and may end the run",
        (
            after(REFINE, "        for idx, t in enumerate(temps):", "            advising = False"),
            before(REFINE, "                modules = dict(program_code=", "                advising = True"),
            after(REFINE, _FAILED, "                if advising: continue"),
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
        (
            *in_both("self.module.get_lm() or dspy.settings.lm", "first_model(self.module)"),
            *in_both("mod.set_lm(lm_)", "set_temperatures(mod, idx, self.N)"),
        ),
    ),
    Switch(
        "where no model will be asked, none is needed",
        "an AttributeError comes before the first attempt",
        (
            before(BEST_OF_N, "        temps = [", "        lm = lm or stand_in_model(self.module)"),
            before(
                REFINE,
                "        temps = [",
                "        lm = lm or (stand_in_model(self.module) if self.N == 1 else None)",
            ),
        ),
    ),
    Switch(
        "a missing temperature does not break the run",
        "a KeyError comes before the first attempt; None is left out of the first attempt alone",
        in_both('lm.kwargs["temperature"]', '(lm.kwargs.get("temperature") or 0.0)'),
    ),
    Switch(
        "a missing outer trace does not break the run",
        "an AttributeError comes once the work is done",
        in_both(
            "dspy.settings.trace.extend(", "dspy.settings.trace is not None and dspy.settings.trace.extend("
        ),
    ),
    Switch(
        "a configured adapter does not break the run",
        "its class is recreated without arguments, which fails every attempt with a hint",
        (Edit(REFINE, "adapter=WrapperAdapter()", "adapter=WrapperAdapter.__new__(WrapperAdapter)"),),
    ),
    Switch(
        "a reward must be a finite number",
        "NaN passes for a reward that is never best, infinity for a good one",
        before_in_both(
            "                if reward > best_reward:", "                reward = require_finite(reward)"
        ),
    ),
    Switch(
        "inputs that an attempt changed do not leak",
        "the next attempt, the reward and the caller see the changes",
        (
            *in_both("self.reward_fn(kwargs,", "self.reward_fn(copy.deepcopy(asked),"),
            *after_in_both(_FORWARD, "        asked = kwargs"),
            *after_in_both(_COPIED, "            kwargs = copy.deepcopy(asked)"),
            Edit(REFINE, "program_inputs=kwargs", "program_inputs=asked"),
        ),
    ),
    Switch(
        "missing inputs are an error",
        "a warning is logged and the model is asked without them",
        (before(PREPARE, "            logger.warning(", "            raise InvalidInput"),),
    ),
    Switch(
        "inputs are read as the types of their fields",
        "any value is taken as it is; the model is asked with it, and the trace holds it",
        (
            Edit(
                PREPARE,
                "return lm, config, signature, demos, kwargs",
                "return lm, config, signature, demos, convert_inputs(signature, kwargs)",
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
            before(
                where,
                "                    trace = dspy.settings.trace.copy()",
                f"                    check_outputs({name})",
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
        "pydantic values and members of enums are shown to the adviser as data",
        "as <non-serializable: …>",
        (after(REFINE, "def recursive_mask(o):", "    o = to_data(o)"),),
    ),
    Switch(
        "a bare predictor sends the adviser its signature",
        "the library's own source of the class Predict",
        (Edit(REFINE, "inspect.getsource(module.__class__)", "get_code(module)"),),
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
        before_in_both("        self.module = module", "        check_limits(N, fail_count)"),
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
