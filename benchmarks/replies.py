"""What the model says on both sides, so that it is equally trivial for both. Imports nothing."""

from __future__ import annotations

N = 5
QUESTION = "What is the capital of Belgium?"
_ADVICE = '{"self": "one word", "draft": "be brief", "answer": "one word"}'
TEXTS = {
    "draft": "[[ ## draft ## ]]\nIt is Brussels.\n\n[[ ## completed ## ]]",
    "answer": "[[ ## answer ## ]]\nBrussels, of course.\n\n[[ ## completed ## ]]",
    "advice": f"[[ ## discussion ## ]]\nToo long.\n\n[[ ## advice ## ]]\n{_ADVICE}\n\n[[ ## completed ## ]]",
}


class Chooser:
    """Chooses a reply by what the last message asks for; counts what was asked."""

    def __init__(self) -> None:
        self.asked = {"draft": 0, "answer": 0, "advice": 0, "hinted": 0}

    def __call__(self, message: str) -> str:
        if "`[[ ## advice ## ]]`" in message:
            name = "advice"
        elif "`[[ ## draft ## ]]`" in message:
            name = "draft"
        else:
            name = "answer"
        self.asked[name] += 1
        if "[[ ## hint_ ## ]]" in message:
            self.asked["hinted"] += 1
        return name


# What one call of each case must ask; checked on both sides before anything is timed.
EXPECTED = {
    "refine": {"draft": 0, "answer": N, "advice": N - 1, "hinted": N - 1},
    "two predictors": {"draft": N, "answer": N, "advice": N - 1, "hinted": 2 * (N - 1)},
    "best of n": {"draft": 0, "answer": N, "advice": 0, "hinted": 0},
}


def never_enough(args: object, pred: object) -> float:  # noqa: ARG001 - a reward's two parameters
    """A reward that never reaches the threshold."""
    return 0.0
