"""Findings of the source joined with what probes and rows show: a pattern that somebody has seen go wrong is more than a note.

“`in` on text” (note, line 9) + “an empty output is paid” -> warning, line 9, with the text that was paid as evidence
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from refine_core.rewards.checks import Finding

_THOUGHT = re.compile("think|reason|thought")
PROOFS: Final[Mapping[str, frozenset[str]]] = {
    "empty-in-text": frozenset(("paid-empty", "paid-empty-form", "paid-wrong", "paid-off-topic")),
    "part-in-text": frozenset(("paid-wrong",)),
    "one-line-pattern": frozenset(("refused-several-lines", "refused-own-line", "line-break-costs")),
    "chance": frozenset(("not-deterministic", "depends-on-hash-seed")),
    "float-equality": frozenset(("refused-decimals",)),
    "slow-pattern": frozenset(("slow", "hangs-on-text")),
    "unread-output": frozenset(("constant",)),
    "swallowed": frozenset(
        (
            "constant",
            "right-answer-refused",
            "refused-separators",
            "refused-full-stop",
            "refused-decimals",
            "refused-unit",
        )
    ),
}
"""Kind of a finding of the source -> kinds of findings on rows and probes that show it at work."""
CAUSES: Final[Mapping[str, frozenset[str]]] = {
    "missing-return": frozenset(("rows-unscored", "unscored-text")),
    "no-return": frozenset(("rows-unscored", "unscored-text")),
    "unknown-field": frozenset(("rows-fail",)),
    "unknown-input": frozenset(("rows-fail",)),
    "unknown-name": frozenset(("rows-fail",)),
    "unknown-column": frozenset(("rows-fail",)),
    "missing-module": frozenset(("does-not-load", "rows-fail")),
}
"""Kind of a finding of the source -> kinds of findings that it explains in full: they are its evidence, and not told again."""
_OF_THE_PATTERN: Final = frozenset(("line-break-costs", "slow", "hangs-on-text"))
"""Proofs that say no more than the pattern at work: they are its evidence, and not told again."""
_SAYS_MORE: Final = frozenset(("not-deterministic", "depends-on-hash-seed", "constant"))
"""Proofs that say what comes of the pattern: they get its line and its message, and the pattern is not told again."""


def join_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings, each fault once.

    Notes about the source are warnings where something proves them, and what proves them gets their line.
    """
    given = list({(one.code, one.line, one.message): one for one in reversed(list(findings))}.values())[::-1]
    explained: set[int] = set()
    joined = list(given)
    for i, one in enumerate(given):
        causes = [
            k
            for k, other in enumerate(given)
            if other.code in CAUSES.get(one.code, ()) and _is_there(one, other)
        ]
        proofs = [
            k
            for k, other in enumerate(given)
            if other.code in PROOFS.get(one.code, ()) and other.severity != "note" and _is_at_work(one, other)
        ]
        explained.update(causes)
        for k in proofs:
            if one.line is not None and joined[k].line is None:
                joined[k] = replace(joined[k], line=one.line)
            if one.code != "swallowed" and given[k].code in _SAYS_MORE:
                explained.add(i)
                joined[k] = replace(
                    joined[k], fix=joined[k].fix or one.fix, evidence=(one.message, *joined[k].evidence)
                )
            elif one.code != "swallowed" and given[k].code in _OF_THE_PATTERN:
                explained.add(k)
        evidence = [given[k].message for k in causes if given[k].code.startswith("rows-")]
        evidence += [sentence for k in causes for sentence in given[k].evidence[:3]]
        evidence += [given[k].evidence[0] for k in proofs if given[k].evidence]
        joined[i] = replace(one.with_evidence(*evidence), line=joined[i].line) if evidence else joined[i]
    return [one for i, one in enumerate(joined) if i not in explained]


def _is_there(cause: Finding, effect: Finding) -> bool:
    """Whether an effect with a line is at the line of its cause."""
    return effect.line is None or effect.line == cause.line


def _is_at_work(pattern: Finding, proof: Finding) -> bool:
    """Of a pattern for one line: reasoning on two lines is no matter of one that reads the answer alone."""
    if pattern.code != "one-line-pattern" or proof.code not in {"refused-several-lines", "line-break-costs"}:
        return True
    return "answer" not in pattern.subject or _THOUGHT.search(pattern.subject) is not None
