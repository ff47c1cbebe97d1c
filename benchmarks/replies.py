"""What the model says on all sides, so that it is equally trivial for all. Imports next to nothing."""

from __future__ import annotations

from threading import Lock

N = 5
QUESTION = "What is the capital of Belgium?"
_ADVICE = '{"self": "one word", "draft": "be brief", "answer": "one word"}'
TEXTS = {
    "draft": "[[ ## draft ## ]]\nIt is Brussels.\n\n[[ ## completed ## ]]",
    "answer": "[[ ## answer ## ]]\nBrussels, of course.\n\n[[ ## completed ## ]]",
    "advice": f"[[ ## discussion ## ]]\nToo long.\n\n[[ ## advice ## ]]\n{_ADVICE}\n\n[[ ## completed ## ]]",
}

BATCH_N = 3
THREADS = 200
LATENCY_S = 0.05


class Chooser:
    """Chooses a reply by what the last message asks for; counts what was asked, from any thread."""

    def __init__(self) -> None:
        self.asked = {"draft": 0, "answer": 0, "advice": 0, "hinted": 0}
        self._lock = Lock()

    def __call__(self, message: str) -> str:
        if "`[[ ## advice ## ]]`" in message:
            name = "advice"
        elif "`[[ ## draft ## ]]`" in message:
            name = "draft"
        else:
            name = "answer"
        hinted = "[[ ## hint_ ## ]]" in message
        with self._lock:
            self.asked[name] += 1
            self.asked["hinted"] += hinted
        return name


def asks(attempts: int, *, stages: int = 1, advice: bool = True, times: int = 1) -> dict[str, int]:
    """What calls of a program ask the model for; checked on every side each time that something is timed."""
    told = attempts - 1 if advice else 0
    return {
        "draft": (stages - 1) * attempts * times,
        "answer": attempts * times,
        "advice": told * times,
        "hinted": stages * told * times,
    }


EXPECTED = {
    "refine": asks(N),
    "two predictors": asks(N, stages=2),
    "best of n": asks(N, advice=False),
}


def never_enough(args: object, pred: object) -> float:  # noqa: ARG001 - a reward's two parameters
    """A reward that never reaches the threshold."""
    return 0.0
