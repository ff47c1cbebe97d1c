"""Rows that a person has labelled good or bad: does the reward say the same, and which threshold would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from refine_core.doctor.answers.right_answers import is_bad, is_good
from refine_core.doctor.figures import LabelFigures
from refine_core.doctor.findings.scored_rows import ScoredRows, describe_score, quote_output
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding
from refine_core.statistics import auc, best_threshold, cohen_kappa, constant_guess

_LOW_AUC: Final = 0.75
_MIN_ROWS: Final = 4
_MUCH: Final = 0.2
_PAID, _REFUSED = 0.9, 0.5


def find_single_labels(scored: ScoredRows, worth: Mapping[str, float]) -> Iterator[Finding]:
    """Rows with labels of one kind only, beside what a right answer scores: bad ones that are paid, good ones that are not.

    worth: right answer -> its score.
    """
    usual = max(worth.values(), default=None)
    if usual is None or usual <= 0:
        return
    paid = [(row, value) for row, value in scored.scored if is_bad(row) and value >= _PAID * usual]
    refused = [(row, value) for row, value in scored.scored if is_good(row) and value < _REFUSED * usual]
    for kind, found, words in (
        ("paid-bad-row", paid, "labelled bad, and paid like the right answer"),
        ("refused-good-row", refused, "labelled good, and refused"),
    ):
        if found:
            yield Finding(
                kind, "warning", f"{pluralize(len(found), 'row')} {'is' if len(found) == 1 else 'are'} {words}.",
                evidence=tuple(
                    f"row {row.id}: {quote_output(row)} scores {describe_score(value)}; the right answer scores {describe_score(usual)}"
                    for row, value in found[:4]
                ),
            )  # fmt: skip


def measure_labels(scored: ScoredRows, threshold: float | None) -> LabelFigures | None:
    """Agreement with labels beside a constant guess; None without labels of both kinds.

    threshold: None takes the one that separates them best, which flatters the agreement: it was chosen on these labels.
    """
    labelled = [(value, is_good(row)) for row, value in scored.scored if is_good(row) or is_bad(row)]
    rewards, good = [value for value, _ in labelled], [one for _, one in labelled]
    best = best_threshold(rewards, good)
    if best is None:
        return None
    used = best.threshold if threshold is None else threshold
    accepted = [reward >= used for reward in rewards]
    return LabelFigures(
        good=sum(good),
        bad=len(good) - sum(good),
        threshold=used,
        agreement=sum(a == b for a, b in zip(accepted, good, strict=True)) / len(good),
        constant_guess=constant_guess(good),
        kappa=cohen_kappa(accepted, good),
        auc=auc(*([value for value, one in labelled if one is kind] for kind in (True, False))),
        best_threshold=best.threshold,
        best_youden=best.youden,
    )


def _compare(share: float) -> str:
    """How good rows stand to bad ones, in words. share: how often a good one scores more, a tie being half."""
    if share == 0:
        return "Every bad row scores more than every good one"
    return f"A good row scores more than a bad one {share:.0%} of the time"


def find_against_labels(
    scored: ScoredRows, labels: LabelFigures | None, threshold: float | None
) -> Iterator[Finding]:
    """Bad rows that score at least as much as good ones; a threshold that another one would beat."""
    if labels is None or labels.auc is None or labels.constant_guess is None:
        return
    bad = [(row, value) for row, value in scored.scored if is_bad(row)]
    good = [(row, value) for row, value in scored.scored if is_good(row)]
    lowest_good, highest_bad = min(value for _, value in good), max(value for _, value in bad)
    if highest_bad >= lowest_good and len(good) + len(bad) >= _MIN_ROWS:
        paid = [one for one in sorted(bad, key=lambda pair: -pair[1]) if one[1] >= lowest_good][:3]
        unpaid = [one for one in sorted(good, key=lambda pair: pair[1]) if one[1] <= highest_bad][:3]
        evidence = [
            f"row {row.id}, labelled bad: {quote_output(row)} scores {describe_score(value)}"
            for row, value in paid
        ]
        evidence += [
            f"row {row.id}, labelled good: {quote_output(row)} scores {describe_score(value)}"
            for row, value in unpaid
        ]
        yield Finding(
            "against-labels", "warning" if labels.auc < _LOW_AUC else "note",
            f"{_compare(labels.auc)}. The reward agrees with {labels.agreement:.0%} of the labels; the same answer for "
            f"every row would agree with {labels.constant_guess:.0%}.",
            evidence=tuple(evidence),
        )  # fmt: skip
    if threshold is None or labels.best_youden is None:
        return
    accepted = [value >= threshold for _, value in good], [value >= threshold for _, value in bad]
    youden = sum(accepted[0]) / len(good) - sum(accepted[1]) / len(bad)
    if labels.best_youden - youden > _MUCH and len(good) + len(bad) >= _MIN_ROWS:
        yield Finding(
            "better-threshold", "note",
            f"On these labels a threshold of {labels.best_threshold:g} separates good from bad better than {threshold:g}: "
            f"J = {labels.best_youden:.2f} instead of {youden:.2f}.",
            evidence=(f"{sum(accepted[0])} of {len(good)} good and {sum(accepted[1])} of {len(bad)} bad rows reach {threshold:g}",),
        )  # fmt: skip
