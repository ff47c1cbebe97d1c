"""What became of advice: whether its hints show in the next output, whom they reached, what they gave away, what they cost.

    hint_uptake(timeline, attempt)      of the attempt that got them: followed, partly, not followed, not checkable, by which rules
    leaks(timeline, attempt)            of the same: values in its hints that only the reward should know
    routing(timeline, attempt)          of the attempt that was advised on: which predictor got a hint, which none and why
    advice_price(timeline, attempt)     of the same: tokens and dollars beside the change in reward
    is_verb(name, before, after)        whether an output's name is a verb there: "answer with one word"

Each answer stands on something that can be pointed at. Where there is nothing to point at, the answer is "not checkable".
"""

from refine_core.uptake.clauses import is_verb
from refine_core.uptake.leaks import Leak, find_leaks, leaks, program_texts, reference_names
from refine_core.uptake.price import AdvicePrice, advice_price
from refine_core.uptake.routing import Route, Routing, routing
from refine_core.uptake.verdict import VERDICTS, RuleResult, Uptake, Verdict, check_hint, hint_uptake

__all__ = [
    "VERDICTS",
    "AdvicePrice",
    "Leak",
    "Route",
    "Routing",
    "RuleResult",
    "Uptake",
    "Verdict",
    "advice_price",
    "check_hint",
    "find_leaks",
    "hint_uptake",
    "is_verb",
    "leaks",
    "program_texts",
    "reference_names",
    "routing",
]
