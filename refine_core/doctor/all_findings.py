"""All findings on rows and probes, and the figures beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from refine_core.doctor.collecting import Collected
from refine_core.doctor.figures import Figures
from refine_core.doctor.findings.feedback import find_quoted_answers
from refine_core.doctor.findings.habits import read_habits
from refine_core.doctor.findings.labels import find_against_labels, find_single_labels, measure_labels
from refine_core.doctor.findings.parts import find_in_parts, measure_parts
from refine_core.doctor.findings.probes import find_in_probes, find_unpaid_right_answers
from refine_core.doctor.findings.rows import (
    NONE_IS_A_WORD,
    count_rows,
    find_failing,
    find_flat_groups,
    find_paid_by_length,
    find_recorded_wobble,
    find_same_scores,
    find_shared_bests,
    find_short_by_rounding,
    find_slow,
    find_unreachable_threshold,
)
from refine_core.doctor.findings.same_answers import find_intended, find_refused_rows
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding
from refine_core.rewards.shapes import Recognized


def measure(found: Collected, threshold: float | None) -> Figures | None:
    """Figures about the rows; None without any."""
    scored = found.scored
    if not len(scored):
        return None
    return replace(
        count_rows(scored, threshold, found.took_s),
        parts=measure_parts(scored, found.probed),
        labels=measure_labels(scored, threshold),
        same_when_repeated=not found.unsteady if found.repeated or found.unsteady else None,
        recorded=scored.is_recorded,
    )


def find_all(
    recognized: Recognized,
    found: Collected,
    threshold: float | None,
    figures: Figures | None,
    of_source: Collection[Finding],
) -> Iterator[Finding]:
    """All findings on rows and probes. figures: from `measure`. of_source: what reading the source has found."""
    scored, probed, shape = found.scored, found.probed, recognized.shape
    parts, labels = (figures.parts, figures.labels) if figures is not None else ({}, None)
    if not scored.is_recorded:
        yield from find_failing(scored, shape)
        yield from find_slow(scored, found.took_s)
    yield from find_same_scores(scored, probed)
    yield from find_unreachable_threshold(scored, probed, threshold)
    yield from find_short_by_rounding(scored, threshold)
    yield from find_flat_groups(scored)
    yield from find_shared_bests(scored)
    yield from find_paid_by_length(scored, probed)
    yield from find_in_parts(scored, probed, parts)
    yield from find_against_labels(scored, labels, threshold)
    if labels is None:
        yield from find_single_labels(
            scored,
            {row.right.text: row.value for row in probed if row.results and row.value and row.right.is_known},
        )
    yield from find_quoted_answers(scored, shape)
    yield from find_recorded_wobble(scored)
    yield from find_unpaid_right_answers(probed, scored.best)
    in_probes = [
        *find_in_probes(
            probed,
            read_habits(recognized.source),
            find_refused_rows(scored, probed),
            find_intended(found.report),
        )
    ]
    for one in in_probes:  # None may mean that a text is not to be scored
        meant = one.code == "unscored-text" and shape in NONE_IS_A_WORD
        yield replace(one, severity="note") if meant else one
    if found.breaks and not any(one.code == "refused-several-lines" for one in in_probes):
        # A reward may want one line; a pattern whose dot stops there hardly does.
        is_slip = any(one.code == "one-line-pattern" for one in of_source)
        yield Finding(
            "line-break-costs", "warning" if is_slip else "note",
            "An output scores less only because it has several lines.", evidence=found.breaks[:4],
        )  # fmt: skip
    yield from found.unsteady
    if found.changed_alone:
        yield Finding(
            "depends-on-batch", "warning",
            f"{pluralize(len(found.changed_alone), 'row')} {'has' if len(found.changed_alone) == 1 else 'have'} another score alone than among others: "
            "the function looks at the rest of its batch.",
            evidence=tuple(f"row {name}" for name in found.changed_alone[:8]),
        )  # fmt: skip
