"""What probes show, as findings: a sentence for each family of texts, with the texts and scores as evidence."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from refine_core.doctor.findings.habits import Habits
from refine_core.doctor.findings.scored_rows import describe_score, quote
from refine_core.doctor.probes.scoring import STRONGLY_REFUSED, ProbeResult, RowProbes
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding, Severity

_MAX_EVIDENCE: Final = 8  # sentences of a finding
_MORE: Final = 1.2  # times the right answer's score
_PAID: Final = {
    "empty": ("paid-empty", "An empty output is paid like an answer."),
    "wrapper": ("paid-empty-form", "The form alone is paid like an answer: nothing has to be inside."),
    "off-topic": ("paid-off-topic", "Texts that do not answer are paid like an answer."),
    "length": ("paid-length", "Long text without an answer is paid like an answer: length is enough."),
    "wrong": ("paid-wrong", "Wrong answers are paid like the right one."),
    "mention": (
        "paid-mention",
        "Texts that only name the right answer are paid like it: denied, in a list, or twice.",
    ),
}
_REFUSED: Final = {
    "case": ("refused-case", "The right answer in different upper or lower case is refused."),
    "separators": (
        "refused-separators",
        "The right number with or without a comma in it (1,250) is refused.",
    ),
    "several-lines": (
        "refused-several-lines",
        "The right answer is refused when the text before it has several lines.",
    ),
    "own-line": ("refused-own-line", "The right answer on a line of its own between the tags is refused."),
    "full-stop": ("refused-full-stop", "The right answer with a full stop after it is refused."),
    "decimals": (
        "refused-decimals",
        "The right number written with a different number of decimals is refused.",
    ),
    "unit": ("refused-unit", "The right number with a unit after it is refused."),
    "markdown": ("refused-markdown", "The right answer in bold or in a code block is refused."),
    "spaces": ("refused-blanks", "The right answer with spaces or a line break around it is refused."),
    "json-layout": ("refused-json-layout", "The same JSON with different spacing is refused."),
    "order": ("refused-order", "The same values in another order are refused."),
}
_COMPARED: Final = {
    "expected": "the right answer",
    "input": "the right answer",
    "label": "a good output",
    "row": "the best row",
}


def find_in_probes(
    probed: Sequence[RowProbes],
    habits: Habits,
    in_rows: Mapping[str, tuple[str, ...]],
    intended: Container[str] = (),
) -> Iterator[Finding]:
    """Findings of all probes. probed: of rows whose right answer is paid; others show nothing here.

    habits: what the source does with texts. in_rows: family -> sentences about rows in which a right answer is refused. intended: families that a case wants refused.
    """
    results = [(row, one) for row in probed for one in row.results]
    for family, (kind, message) in _PAID.items():
        families = {"wrong", "other"} if family == "wrong" else {family}
        paid = [(row, one) for row, one in results if one.family in families and one.is_paid]
        if family == "length":  # where any text is paid, its length is not the reason
            paid = [(row, one) for row, one in paid if not _pays_any_text(row)]
        if paid:
            meant = family == "mention" or not any(_should_tell(row, one) for row, one in paid)
            severity: Severity = "note" if meant else "warning"
            yield Finding(kind, severity, message, evidence=_list_evidence(paid))
    for family, (kind, message) in _REFUSED.items():
        refused = [(row, one) for row, one in results if one.family == family and _counts_as_refused(one)]
        shown = in_rows.get(family, ())
        if refused or shown:
            wrongly = shown or any(_is_wrongly_refused(row, one, habits) for row, one in refused)
            severity = "warning" if wrongly and family not in intended else "note"
            yield Finding(
                kind, severity, message, evidence=(*shown, *_list_evidence(refused))[:_MAX_EVIDENCE]
            )
    if results and all(row.ignores_expected for row in probed if row.results):
        yield Finding(
            "ignores-expected", "note",
            "The score of the right answer is the same where another answer is expected: this reward does not look at what is right.",
        )  # fmt: skip
    longer = [
        (row, one) for row, one in results if one.name == "padded with filler" and (one.share or 0.0) > _MORE
    ]
    if longer:
        yield Finding(
            "paid-more-for-length",
            "warning",
            "The right answer is paid more when filler follows it: length is rewarded.",
            evidence=_list_evidence(longer),
        )
    hung = [(row, one) for row, one in results if one.timed_out]
    if hung:
        yield Finding(
            "hangs-on-text",
            "warning",
            "Some texts make the reward run until its time is up. Look for a pattern with repeats inside repeats.",
            evidence=_list_evidence(hung),
        )
    crashed = [(row, one) for row, one in results if one.claim != "right" and one.error and not one.timed_out]
    if crashed:
        yield Finding(
            "error-on-text",
            "note",
            "Some texts that a model may write make the reward fail.",
            evidence=_list_evidence(crashed),
        )
    silent = [
        (row, one) for row, one in results if one.claim != "right" and one.value is None and not one.error
    ]
    if silent:
        yield Finding(
            "unscored-text",
            "warning",
            "Wrong answers get no score: the reward returns None for them, which is not 0.",
            evidence=_list_evidence(silent),
        )


def _should_tell(row: RowProbes, one: ProbeResult) -> bool:
    """Whether the reward is there to tell such a text from the answer: one that ignores what is expected need not know wrong ones."""
    return row.right.is_known and not (
        row.ignores_expected and (one.claim == "wrong" or one.family == "off-topic")
    )


def _pays_any_text(row: RowProbes) -> bool:
    return any(one.is_paid and one.family in {"empty", "off-topic"} for one in row.results)


def _counts_as_refused(one: ProbeResult) -> bool:
    return one.is_refused or (one.is_strong and one.share is not None and one.share < STRONGLY_REFUSED)


def _is_wrongly_refused(row: RowProbes, one: ProbeResult, habits: Habits) -> bool:
    """Whether no purpose explains it: line breaks do not matter where blanks do not, nor a comma to one who reads numbers.

    An exact match may be meant so: what it refuses is a note, unless rows show it.
    """
    if one.family == "own-line":
        return any(other.name == "spaces around it" and not other.is_refused for other in row.results)
    if one.family == "separators":
        return habits.reads_numbers or bool(one.error)
    return one.is_strong


def _list_evidence(found: Sequence[tuple[RowProbes, ProbeResult]]) -> tuple[str, ...]:
    """A line for each kind of text: that of the first row, and in how many rows it is so."""
    by_name: dict[str, list[tuple[RowProbes, ProbeResult]]] = {}
    for row, one in found:
        by_name.setdefault(one.name, []).append((row, one))
    return tuple(
        describe_result(*pairs[0])
        + (f"; likewise in {pluralize(len(pairs) - 1, 'other row')}" if len(pairs) > 1 else "")
        for pairs in by_name.values()
    )[:_MAX_EVIDENCE]


def describe_result(row: RowProbes, one: ProbeResult) -> str:
    """One probe as a line: its name, its text, and both scores."""
    right = describe_score(row.value)
    scored = (
        f"fails, {one.error}"
        if one.error
        else f"scores {describe_score(one.value)}"
        if one.value is not None
        else "gets no score (None)"
    )
    return f"{one.name}: {quote(one.text)} {scored}; {_COMPARED[row.right.origin]} {quote(row.text)} scores {right}"


def find_unpaid_right_answers(probed: Sequence[RowProbes], best: float | None) -> Iterator[Finding]:
    """Right answers that are not paid themselves. best: the highest score of the rows."""
    known = [row for row in probed if row.right.is_known]
    unpaid = [row for row in known if not row.results]
    if not unpaid or all(row.error for row in known):  # that they fail is told with the rows
        return
    evidence = tuple(
        f"row {row.right.row.id}: {quote(row.text)} "
        + (f"fails, {row.error}" if row.error else f"scores {describe_score(row.value)}")
        for row in unpaid[:_MAX_EVIDENCE]
    )
    given = [row for row in unpaid if row.right.origin != "input"]
    if len(unpaid) < len(known):
        yield Finding(
            "right-answer-refused", "warning",
            f"{len(unpaid)} of {pluralize(len(known), 'right answer')} {'is' if len(unpaid) == 1 else 'are'} not paid in any form that was tried.", evidence=evidence,
        )  # fmt: skip
    elif not best or best <= 0:
        yield Finding(
            "right-answer-refused", "error",
            "The right answer itself is not paid, and neither is any row: nothing scores.", evidence=evidence,
        )  # fmt: skip
    elif given:
        yield Finding(
            "form-unknown", "note",
            "The right answer could not be put into a form that this reward pays, so there are no probes. Label a good row.",
            evidence=evidence,
        )  # fmt: skip
