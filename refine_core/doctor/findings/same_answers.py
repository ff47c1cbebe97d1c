"""Whether an output gives the right answer in other words: the rows that show what a reward refuses, and cases that want it so.

“1,250” and “1250” -> "separators"      “Paris.” and “Paris” -> "full-stop"      “Lyon” and “Paris” -> None
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from refine_core.cases import CaseReport
from refine_core.doctor.answers.forms import learn_from_output
from refine_core.doctor.answers.outputs import read_text
from refine_core.doctor.answers.right_answers import Kind, find_right_answer, is_bad, read_number_text
from refine_core.doctor.findings.scored_rows import ScoredRows, describe_score, quote, quote_output
from refine_core.doctor.probes.scoring import REFUSED, RowProbes

_UNIT = re.compile(r"[$€£]?\s*([-+]?[\d,]*\.?\d+)\s*(?:[$€£%]|[A-Za-z]+)?\.?")


def name_difference(answer: str, right: str, kind: Kind) -> str | None:
    """In what an answer differs from the right one, if it is the same answer; "same" if in nothing; None for another answer."""
    if answer == right:
        return "same"
    given, wanted = answer.strip(), right.strip()
    if given == wanted:
        return "spaces"
    if kind == "words" and given.lower() == wanted.lower():
        return "case"
    if kind == "number":
        one, other = read_number_text(given), read_number_text(wanted)
        if one is not None and one == other:
            return "separators" if given.count(",") != wanted.count(",") else "decimals"
    if kind not in {"number", "words"}:
        return None
    bare = given.strip("*_`")
    if bare != given and name_difference(bare, wanted, kind) is not None:
        return "markdown"
    if given.endswith(".") and name_difference(given[:-1], wanted, kind) is not None:
        return "full-stop"
    if kind == "number" and (found := _UNIT.fullmatch(given)) is not None and found[1] != given:
        return None if name_difference(found[1], wanted, kind) is None else "unit"
    return None


def read_answers(text: str, right: str) -> Iterator[tuple[str, bool]]:
    """What an output may give as its answer, and whether that stands between marks: all of it, then what its marks hold."""
    yield text, False
    for form in learn_from_output(text, right):
        if not form.is_found and not form.as_json:
            yield (
                text[len(form.lead) + len(form.thought) + len(form.middle) : len(text) - len(form.tail)],
                True,
            )


def find_refused_rows(scored: ScoredRows, probed: Sequence[RowProbes]) -> dict[str, tuple[str, ...]]:
    """Family -> sentences about rows that give the right answer in that way, and get less than half of its score."""
    worth = {row.right.text: row.value for row in probed if row.results and row.value is not None}
    usual = max(worth.values(), default=scored.best or 0.0)
    floor = min(0.0, scored.lowest or 0.0)
    found: dict[str, list[str]] = {}
    for (row, one), right in zip(scored, scored.rights, strict=True):
        text = read_text(row.prediction.get(right.field)) if right is not None else None
        if right is None or not right.is_known or text is None or one.waits or is_bad(row):
            continue
        full = worth.get(right.text, usual)
        if full <= floor or (one.value is not None and one.value - floor >= REFUSED * (full - floor)):
            continue
        for answer, is_marked in read_answers(text, right.text):
            family = name_difference(answer, right.text, right.kind)
            if family == "same":
                family = "several-lines" if is_marked and "\n" in text.strip() else None
            if family is not None:
                got = "fails" if one.error is not None else f"scores {describe_score(one.value)}"
                found.setdefault(family, []).append(
                    f"row {row.id}: {quote_output(row, right.field)} {got}, and {quote(right.text)} is expected"
                )
                break
    return {family: tuple(sentences) for family, sentences in found.items()}


def find_intended(report: CaseReport) -> frozenset[str]:
    """Families that a case wants refused, and that are: exactness that somebody has asked for."""
    intended = set()
    for result in report.results:
        wants_less = result.case.want.kind == "bad" or (
            result.case.want.high is not None and result.case.want.high <= 0
        )
        right = find_right_answer(result.case.to_row())
        if result.state != "passed" or not wants_less or right is None:
            continue
        text = read_text(result.case.prediction.get(right.field))
        if text is not None and (family := name_difference(text, right.text, right.kind)) is not None:
            intended.add(family)
    return frozenset(intended)
