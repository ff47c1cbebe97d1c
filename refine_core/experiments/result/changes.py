"""What differs between two runs of an input, in a few words."""

from __future__ import annotations

from refine_core.experiments.result.figures import InputDifference
from refine_core.formatting import format_score, join_words

MAX_PARTS = 2


def describe_change(one: InputDifference) -> str:
    """From the second arm to the first, by the parts of their scores, the largest change first: "keywords 3 to 1".

    "" where no part differs. `refine_core.comparison` says more of the two runs.
    """
    changes = [
        (abs(one.first_parts[name] - value), name, value, one.first_parts[name])
        for name, value in one.second_parts.items()
        if name in one.first_parts and one.first_parts[name] != value
    ]
    changes.sort(key=lambda change: -change[0])
    return join_words(
        [
            f"{name} {format_score(old, beside=[new])} to {format_score(new, beside=[old])}"
            for _, name, old, new in changes[:MAX_PARTS]
        ]
    )
