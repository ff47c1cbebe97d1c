"""What calls that are to come will take, by what recorded ones took: how many, dollars, seconds. Nothing here asks a model.

calls     how many calls a run makes, at least and at most       prices    what recorded calls would cost, made once more
typical   what an attempt, and advice, of a program takes

The rules, for branches, hint tests, judges and experiments alike:

Rule 1: what is unknown is None, never 0. A sum with an unknown part is unknown.
Rule 2: a call that was really made costs what it cost, its unusable replies too. A call that had no answer costs nothing and tells nothing.
Rule 3: a reply from the cache is priced as the same call is when it is really made: by its like in the record, else by its tokens.
Rule 4: a replay is free, and so is the practice model.
Rule 5: of a model that did not make the recorded calls nothing is known but by its own prices, for as many tokens; never its time.
Rule 6: only what was really made tells how long it takes.
"""

from __future__ import annotations

from refine_core.estimates.calls import CallCount, max_calls, min_calls
from refine_core.estimates.prices import Models, models_of, price_calls, price_of_one
from refine_core.estimates.typical import Typical, mean_seconds, typical

__all__ = [
    "CallCount",
    "Models",
    "Typical",
    "max_calls",
    "mean_seconds",
    "min_calls",
    "models_of",
    "price_calls",
    "price_of_one",
    "typical",
]
