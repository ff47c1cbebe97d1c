"""Branches: a run that keeps the first attempts of another one and goes on from there with something changed.

plan_fork(timeline, attempt, changes) -> ForkPlan     planning     how much is kept, and why no more; what it takes at most
keep_prefix(records, plan) -> records                 prefix       the parent's events as the branch's own
find_family(run_id) -> Family                         family       the tree that a run is part of

kept       how many attempts the changed loop would have made in the same way
estimates  calls, cost and time of what is new        changes      what may be changed, and the description that comes of it
"""

from refine_core.runs.forking.changes import AgainChanges, ForkChanges
from refine_core.runs.forking.family import Family, FamilyMember, find_family
from refine_core.runs.forking.planning import ForkPlan, describe_kept, plan_fork
from refine_core.runs.forking.prefix import keep_prefix

__all__ = [
    "AgainChanges",
    "Family",
    "FamilyMember",
    "ForkChanges",
    "ForkPlan",
    "describe_kept",
    "find_family",
    "keep_prefix",
    "plan_fork",
]
