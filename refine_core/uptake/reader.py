"""From a hint to the rules that it states. What it does not state in so many words is no rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from refine_core.uptake.clauses import asks_nothing, split_clauses
from refine_core.uptake.formats import read_formats
from refine_core.uptake.lengths import read_lengths
from refine_core.uptake.quotes import read_quotes
from refine_core.uptake.rule import ANY_JSON, JSON_OBJECT, Rule


@dataclass(frozen=True, slots=True)
class HintRules:
    """rules: in the order of the hint. asks_more: whether it asks for something that no rule can look up."""

    rules: tuple[Rule, ...]
    asks_more: bool


@lru_cache(maxsize=512)  # a run that is watched is drawn again and again
def read_rules(hint: str, names: tuple[str, ...] = ()) -> HintRules:
    """Read a hint. names: of the outputs; a clause that names some is about these only."""
    rules: dict[tuple[str, tuple[str, ...]], Rule] = {}
    asks_more = False
    for clause in split_clauses(hint, names):
        found = (
            ()
            if clause.is_open
            else (*read_quotes(clause), *read_lengths(clause.text), *read_formats(clause))
        )
        for rule in found:
            rules.setdefault((rule.text, clause.fields), replace(rule, fields=clause.fields))
        asks_more = asks_more or not (found or asks_nothing(clause))
    return HintRules(tuple(_drop_weaker([*rules.values()])), asks_more)


def _drop_weaker(rules: list[Rule]) -> list[Rule]:
    """Without "valid JSON" where an object is asked for, and without "an object" where its keys are."""
    objects = {rule.fields for rule in rules if rule.text.startswith(JSON_OBJECT)}
    keyed = {rule.fields for rule in rules if rule.text.startswith(f"{JSON_OBJECT} with")}
    said_better = {ANY_JSON: objects, JSON_OBJECT: keyed}
    return [rule for rule in rules if rule.fields not in said_better.get(rule.text, ())]
