"""What if: a recorded run with another reward, other validators, another threshold, N or fail_count.

    spec = change_spec(timeline.spec, threshold=0.6)
    what_if(timeline, spec, scores) -> WhatIf(stop, returned, exact_until, attempts, case, …)

It drives the run's own pure loop over the recorded attempts, and claims nothing past the point where the changed run would have
gone another way: an adviser reads the reward and the threshold, so with other ones it gives other advice; another N is another
list of temperatures under dspy 2.6's schedule; the reward's own feedback may be the hint. Pure: no model is asked, nothing runs.

changes     the changed description      conditions   which recorded attempts the changed run would have made in the same way
core        where it would stop          curve        the same for every threshold at once
sentences   what is said of it           results      plain data, and its JSON form
spending    requests and tokens up to there
"""

from refine_core.what_if.changes import (
    AS_RECORDED,
    WHAT_IF_FIELDS,
    Changes,
    Keep,
    change_spec,
    list_program_changes,
)
from refine_core.what_if.conditions import end_of
from refine_core.what_if.core import what_if
from refine_core.what_if.curve import ThresholdStep, threshold_curve
from refine_core.what_if.results import AttemptState, End, WhatIf, WhatIfAttempt, score_end
from refine_core.what_if.sentences import OTHER_HINTS, describe_changes
from refine_core.what_if.spending import usage_until

__all__ = [
    "AS_RECORDED",
    "OTHER_HINTS",
    "WHAT_IF_FIELDS",
    "AttemptState",
    "Changes",
    "End",
    "Keep",
    "ThresholdStep",
    "WhatIf",
    "WhatIfAttempt",
    "change_spec",
    "describe_changes",
    "end_of",
    "list_program_changes",
    "score_end",
    "threshold_curve",
    "usage_until",
    "what_if",
]
