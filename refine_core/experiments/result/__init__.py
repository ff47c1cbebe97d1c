"""What an experiment shows: figures by arm, pairs of arms input by input, and one sentence on top.

    Snapshot --build_result--> Result(verdict, arms, comparisons, …)        result_to_json(result), for scripts

figures    plain frozen data                     building   which runs count, Holm over all pairs
arms       an arm by itself                      pairs      two arms on the same inputs, and at the same price
attempts   the first k attempts of a run         verdict    the sentence, a pure function of the figures
judging    what can be said of a pair            price      what an arm costs against another, and at the same price
changes    what differs between two runs         caveats    what a reader has to know beside the figures
"""

from refine_core.experiments.result.building import build_result
from refine_core.experiments.result.changes import describe_change
from refine_core.experiments.result.figures import (
    MIN_FOR_CURVES,
    UNITS,
    ArmResult,
    BestOfK,
    Comparison,
    CurvePoint,
    EqualBudget,
    InputDifference,
    PartDifference,
    Result,
    Spending,
    SurvivalBand,
    Unit,
    Verdict,
)
from refine_core.experiments.result.judging import cost_of_more, count_more, describe_pair
from refine_core.experiments.result.result_json import result_to_json
from refine_core.experiments.result.verdict import write_verdict

__all__ = [
    "MIN_FOR_CURVES",
    "UNITS",
    "ArmResult",
    "BestOfK",
    "Comparison",
    "CurvePoint",
    "EqualBudget",
    "InputDifference",
    "PartDifference",
    "Result",
    "Spending",
    "SurvivalBand",
    "Unit",
    "Verdict",
    "build_result",
    "cost_of_more",
    "count_more",
    "describe_change",
    "describe_pair",
    "result_to_json",
    "write_verdict",
]
