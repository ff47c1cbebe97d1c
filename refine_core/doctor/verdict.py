"""The verdict: one sentence on top of an examination, and a second line that says what it stands on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from refine_core.doctor.findings.joining import PROOFS
from refine_core.doctor.probes.scoring import FULL, STRONGLY_REFUSED, ProbeResult, RowProbes
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding

NOTHING_BESIDE_JUDGE: Final = (
    "Nothing wrong was found in the source. What the judge says, no probe can check."
)
"""The verdict on a reward that asks a judge, where no more can be said."""
_OF_PROBES: Final = ("paid-", "refused-")
_SHOWN: Final = frozenset(kind for kinds in PROOFS.values() for kind in kinds if kind.startswith(_OF_PROBES))
_AFTER: Final = frozenset(("against-labels",))  # what follows from the rest
_LIKE_THE_BEST: Final = {
    "paid-empty": "an empty output",
    "paid-empty-form": "the form alone",
    "paid-off-topic": "a text that does not answer",
    "paid-length": "long filler",
}
_NAMED: Final = 3
_CODE: Final = re.compile(r"`([^`]*)`")
_UNSTEADY: Final = frozenset(("not-deterministic", "depends-on-earlier-rows", "depends-on-hash-seed"))


def write_verdict(
    findings: Sequence[Finding], probed: Sequence[RowProbes], rows: int = 0, failed_cases: int = 0
) -> str:
    """What a person has to know first: errors, then what is paid for nothing and which right answers are refused."""
    unsteady = [one for one in findings if one.code in _UNSTEADY and one.severity == "warning"]
    parts = [_describe_finding(one) for one in unsteady[:1]]  # no other figure can be relied upon
    others: list[Finding] = []
    kinds = {one.code for one in findings}
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        parts.append(_describe_finding(errors[0]))
        if len(errors) > 1:
            parts.append(f"{pluralize(len(errors) - 1, 'more error')}")
    else:
        others = [
            one
            for one in findings
            if one.severity == "warning" and one.code not in _UNSTEADY and not _is_shown_by_probes(one, kinds)
        ]
        parts += [_describe_finding(one) for one in others[: not parts] if one.code not in _AFTER]
    if tried := [row for row in probed if row.results]:
        paid, refused = describe_paid(tried), describe_refused(tried)
        parts += [*refused, *paid] if _is_only_refused(tried) else [*paid, *refused]
    elif not parts:
        parts += _compare_with_best(findings)
    if not errors and others and others[0].code in _AFTER:
        parts.append(_describe_finding(others[0]).partition(". ")[0])  # its figures stand with the rows
    if failed_cases:
        parts.append(f"{pluralize(failed_cases, 'case')} failed")
    if not parts:
        if asks_a_judge(findings):
            return NOTHING_BESIDE_JUDGE
        where = f"in the source or in {pluralize(rows, 'row')}" if rows else "in the source"
        return f"Nothing wrong was found {where}."
    return " ".join(part if part.endswith(("?", ".)")) else f"{part}." for part in parts)


def _compare_with_best(findings: Sequence[Finding]) -> list[str]:
    """What is paid like the best row, where no right answer is known."""
    kinds = {one.code for one in findings}
    found = [words for kind, words in _LIKE_THE_BEST.items() if kind in kinds]
    if not found:
        return []
    listed = " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))
    score = "scores" if len(found) == 1 else "score"
    return [
        f"{listed[:1].upper()}{listed[1:]} {score} about as much as the best row",
        "Whether that is wrong, a right answer would tell",
    ]


def describe_paid(probed: Sequence[RowProbes]) -> list[str]:
    """Which texts are paid without being right."""
    paid = _by_name(one for row in probed for one in row.paid_for_nothing)
    without = [one for one in paid if one.claim != "mention"]
    mentions = len(paid) - len(without)
    if not without:
        if not mentions:
            return ["No text without the answer is paid"]
        return [
            f"No text without the answer is paid; {pluralize(mentions, 'text')} that only name{'s' * (mentions == 1)} it {_be(mentions)}"
        ]
    full = sum((one.share or 0.0) >= FULL for one in without)
    sentence = f"{pluralize(len(without), 'text')} without the answer {_be(len(without))} paid"
    if full == len(without):
        return [f"{sentence}, in full" if full == 1 else f"{sentence}, all of them in full"]
    return [f"{sentence}, {full} of them in full" if full else sentence]


def describe_refused(probed: Sequence[RowProbes]) -> list[str]:
    """How many right answers are refused; if none is, how many are paid less that plainly should not be."""
    different = _by_name((one for row in probed for one in row.refused), highest=False)
    refused = [one for one in different if one.is_refused]
    if refused:
        return [f"{pluralize(len(refused), 'right answer')} {_be(len(refused))} refused{_name(refused)}"]
    less = [one for one in different if one.is_strong and (one.share or 0.0) < STRONGLY_REFUSED]
    if less:
        return [f"{pluralize(len(less), 'right answer')} {_be(len(less))} paid less{_name(less)}"]
    tried = any(one.claim == "right" for row in probed for one in row.results)
    return ["No right answer is refused"] if tried else []


def _name(results: Sequence[ProbeResult]) -> str:
    return f": {', '.join(one.name for one in results)}" if len(results) <= _NAMED else ""


def asks_a_judge(findings: Iterable[Finding]) -> bool:
    """Whether nothing new was scored, since it would be a call."""
    return any(one.code == "asks-judge" for one in findings)


def write_detail(findings: Sequence[Finding], probed: Sequence[RowProbes], rows: int, cases: int = 0) -> str:
    """What was tried, such as "21 probes built from the right answer “1250”; no model was called"."""
    tried = [row for row in probed if row.results]
    if not tried:
        counts = [pluralize(rows, "row")] * (rows > 0) + [pluralize(cases, "case")] * (cases > 0)
        if not counts:
            return "Without rows only the source was read; no model was called."
        if asks_a_judge(findings):
            return f"{', '.join(counts)}. No probe was tried, since each would be a call."
        if any(one.severity == "error" for one in findings):
            return f"{', '.join(counts)}; no model was called. No probe was tried: the error comes first."
        return f"{', '.join(counts)} and no right answer to build probes from; no model was called."
    count = sum(len(row.results) for row in tried)
    of = f"the right answer “{tried[0].right.text}”" if len(tried) == 1 else f"{len(tried)} right answers"
    values = {f"{row.value:.2f}" for row in tried if row.value is not None}
    paid = f" A right answer in the right form is paid {values.pop()}." if len(values) == 1 else ""
    return f"{pluralize(count, 'probe')} built from {of}; no model was called.{paid}"


def _is_shown_by_probes(one: Finding, kinds: Collection[str]) -> bool:
    """Whether probes are listed that say it. kinds: of all findings."""
    return one.code.startswith(_OF_PROBES) or not _SHOWN.isdisjoint(
        PROOFS.get(one.code, frozenset()) & {*kinds}
    )


def _describe_finding(one: Finding) -> str:
    line = f"Line {one.line}: " if one.line is not None else ""
    return line + _CODE.sub("“\\1”", one.message.removesuffix("."))


def _by_name(results: Iterable[ProbeResult], *, highest: bool = True) -> list[ProbeResult]:
    """Each kind of text once: of those with one name the best paid, or the worst."""
    found: dict[str, ProbeResult] = {}
    for one in results:
        known = found.get(one.name)
        if known is None or ((one.share or 0.0) > (known.share or 0.0)) is highest:
            found[one.name] = one
    return list(found.values())


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _is_only_refused(probed: Sequence[RowProbes]) -> bool:
    """Whether right answers are refused, and no text without the answer is paid: then that comes first."""
    return any(one.is_refused for row in probed for one in row.refused) and not any(
        one.claim != "mention" for row in probed for one in row.paid_for_nothing
    )
