"""What the scores of rows show: errors, no score, always the same score, a threshold out of reach, groups without spread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from refine_core.doctor.answers.outputs import read_text
from refine_core.doctor.figures import Figures
from refine_core.doctor.findings.scored_rows import (
    TIMEOUT,
    ScoredRows,
    describe_score,
    prediction_key,
    quote_output,
)
from refine_core.doctor.probes.scoring import RowProbes
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding, Severity
from refine_core.rows import Row
from refine_core.statistics import groups_without_spread, spearman
from refine_core.workbench.scores import summarize

MIN_OUTPUTS: Final = 3
"""Different outputs, before the same score for all is more than chance."""
_SATURATED, _SATURATED_ROWS = 0.9, 10
_MIN_GROUPS: Final = 4
_LENGTH_ROWS, _FOLLOWS, _READ = 5, 0.9, 5_000
_EQUAL: Final = 1e-9
_SLOW_S, _VERY_SLOW_S = 0.1, 1.0
NONE_IS_A_WORD: Final = frozenset(("trl", "verifiers", "braintrust", "mlflow", "inspect"))
"""Shapes in which None means that a row is not to be scored."""


def find_failing(scored: ScoredRows, shape: str) -> Iterator[Finding]:
    """Rows whose score is an error, by kind, and rows without a score."""
    summary = summarize(tuple(scored.scores))
    for count in summary.errors:
        row = scored.scores[count.first_row]
        every = count.count == len(scored)
        verb = "fails" if every or count.count == 1 else "fail"
        what = f"{'Every row' if every else f'{count.count} of {len(scored)} rows'} {verb}"
        evidence = [f"row {row.id}: {quote_output(scored.rows[count.first_row])}"]
        if row.framework_outcome:
            evidence.append(row.framework_outcome)
        yield Finding(
            "rows-fail", "error" if every else "warning", f"{what}: {count.error.message}", count.error.line,
            evidence=tuple(evidence),
        )  # fmt: skip
    unscored = [(row, one) for row, one in scored if one.state == "unscored"]
    if unscored:
        every = len(unscored) == len(scored)
        severity: Severity = "error" if every else "note" if shape in NONE_IS_A_WORD else "warning"
        count_words = (
            "Every row has"
            if every
            else f"{len(unscored)} of {pluralize(len(scored), 'row')} {'has' if len(unscored) == 1 else 'have'}"
        )
        yield Finding(
            "rows-unscored", severity,
            f"{count_words} no score: the reward returned None or NaN, which is not 0. Look for a branch without a return.",
            evidence=tuple(f"row {row.id}: {quote_output(row)}" for row, _ in unscored[:4]),
        )  # fmt: skip


def find_same_scores(scored: ScoredRows, probed: tuple[RowProbes, ...]) -> Iterator[Finding]:
    """A score that is the same for every row, or for nearly every one."""
    values = scored.values
    if scored.distinct_outputs < MIN_OUTPUTS or not values:
        return
    if len(set(values)) == 1:
        value = describe_score(values[0])
        tried = [row.value for row in probed] + [one.value for row in probed for one in row.results]
        others = {value for value in tried if value is not None} - {values[0]}
        evidence = tuple(f"row {row.id}: {quote_output(row)} scores {value}" for row, _ in scored.scored[:4])
        if others:
            yield Finding(
                "constant", "note",
                f"Every row scores {value}, so these rows show no difference. Probes do score differently.",
                evidence=evidence,
            )  # fmt: skip
        else:
            yield Finding(
                "constant", "warning",
                f"Every row scores {value}, whatever its output is. Check which output the reward reads, and what it is compared with.",
                evidence=evidence,
            )  # fmt: skip
        return
    top = max(values)
    full = sum(value == top for value in values)
    if len(values) >= _SATURATED_ROWS and full / len(values) > _SATURATED:
        yield Finding(
            "saturated", "note",
            f"{full} of {pluralize(len(values), 'row')} have the highest score, {describe_score(top)}: little is left to tell them apart.",
        )  # fmt: skip


def find_unreachable_threshold(
    scored: ScoredRows, probed: tuple[RowProbes, ...], threshold: float | None
) -> Iterator[Finding]:
    """A threshold that no row reaches, and no right answer either."""
    if threshold is None:
        return
    rights = [row for row in probed if row.value is not None and row.right.is_known]
    tried = [one.value for row in probed for one in row.results if one.value is not None]
    best = max(
        [*scored.values, *tried, *(row.value for row in rights if row.value is not None)], default=None
    )
    if best is None or best >= threshold - _EQUAL:  # what rounding loses is told by itself
        return
    what = "No right answer and no row" if rights else "No row"
    evidence = [
        f"the right answer {row.right.text!r} scores {describe_score(row.value)}" for row in rights[:3]
    ]
    evidence += [
        f"row {row.id} scores {describe_score(value)}" for row, value in scored.scored if value == scored.best
    ][:1]
    yield Finding(
        "unreachable-threshold", "error" if rights else "warning",
        f"{what} reaches the threshold {threshold:g}; the highest score is {describe_score(best)}. Every run would use up its attempts.",
        evidence=tuple(evidence),
    )  # fmt: skip


def find_short_by_rounding(scored: ScoredRows, threshold: float | None) -> Iterator[Finding]:
    """A highest score that misses a round number, or the threshold, by no more than adding decimals loses."""
    best = scored.best
    if best is None:
        return
    aim = round(best, 2) if threshold is None or threshold < best else threshold
    if 0 < aim - best < _EQUAL:
        yield Finding(
            "short-by-rounding", "note" if threshold is None or threshold < best else "warning",
            f"The highest score is {best!r}, and not {describe_score(aim)}: a sum of decimals loses a little. "
            f"A threshold of {aim:g} is never reached. Round what is returned, as in round(score, 6).",
            evidence=tuple(f"row {row.id} scores {value!r}" for row, value in scored.scored if value == best)[:1],
        )  # fmt: skip


def find_flat_groups(scored: ScoredRows) -> Iterator[Finding]:
    """Groups in which all scores are equal: training by comparison inside a group learns nothing from them."""
    groups = list_groups(scored)
    flat = [name for name, values in groups.items() if len(set(values)) == 1]
    if not flat:
        return
    every = len(flat) == len(groups) >= _MIN_GROUPS
    yield Finding(
        "groups-without-spread", "warning" if every else "note",
        f"{len(flat)} of {pluralize(len(groups), 'group')} {'has' if len(flat) == 1 else 'have'} one score for all outputs, so {'it gives' if len(flat) == 1 else 'they give'} no gradient.",
        evidence=tuple(f"group {name}: {len(groups[name])} times {describe_score(groups[name][0])}" for name in flat[:4]),
    )  # fmt: skip


def list_groups(scored: ScoredRows) -> dict[str, list[float]]:
    """Scores by group, of groups with several rows."""
    groups: dict[str, list[float]] = {}
    for row, value in scored.scored:
        if row.group is not None:
            groups.setdefault(row.group, []).append(value)
    return {name: values for name, values in groups.items() if len(values) > 1}


def find_slow(scored: ScoredRows, took_s: float) -> Iterator[Finding]:
    """A reward that takes long. took_s: for all rows; where one never came to an end, that is told, and no average."""
    if any(one.error is not None and one.error.type == TIMEOUT for one in scored.scores):
        return
    each = took_s / len(scored) if len(scored) else 0.0
    if each >= _SLOW_S:
        yield Finding(
            "slow", "warning" if each >= _VERY_SLOW_S else "note",
            f"A score takes {each:.2g} s on average. A run waits for it after every attempt.",
        )  # fmt: skip


def count_rows(scored: ScoredRows, threshold: float | None, took_s: float) -> Figures:
    """Figures about the rows, without their parts and labels."""
    summary = summarize(tuple(scored.scores))
    groups = list_groups(scored)
    shares = [
        share
        for values in groups.values()
        if (share := groups_without_spread(values, min(len(values), 4))) is not None
    ]
    return Figures(
        rows=summary.rows,
        scored=summary.scored,
        unscored=summary.unscored,
        failed=summary.failed,
        mean=summary.mean,
        low=summary.low,
        high=summary.high,
        distinct_scores=len(set(scored.values)),
        distinct_outputs=scored.distinct_outputs,
        threshold=threshold,
        passed=None if threshold is None else sum(value >= threshold for value in scored.values),
        groups=len(groups),
        groups_without_spread=sum(len(set(values)) == 1 for values in groups.values()),
        expected_share_without_spread=sum(shares) / len(shares) if shares else None,
        ms_per_row=1000 * took_s / summary.rows if summary.rows else None,
    )


def find_recorded_wobble(scored: ScoredRows) -> Iterator[Finding]:
    """Outputs that stand there several times, with recorded rewards that differ: whoever gave them wobbles."""
    rewards: dict[str, list[tuple[str, float]]] = {}
    for row in scored.rows:
        if row.reward is not None:
            rewards.setdefault(f"{dict(row.inputs)!r} {prediction_key(row)}", []).append((row.id, row.reward))
    wobbling = [
        pairs for pairs in rewards.values() if max(v for _, v in pairs) - min(v for _, v in pairs) > _EQUAL
    ]
    if wobbling:
        yield Finding(
            "recorded-wobble", "warning" if scored.is_recorded else "note",
            f"The same output got different recorded rewards, in {pluralize(len(wobbling), 'case')}: whoever gave them wobbles.",
            evidence=tuple(
                ", ".join(f"row {name}: {describe_score(value)}" for name, value in pairs) for pairs in wobbling[:4]
            ),
        )  # fmt: skip


def find_paid_by_length(scored: ScoredRows, probed: tuple[RowProbes, ...]) -> Iterator[Finding]:
    """Scores that follow the length of the output, where long filler is paid at least like the best row."""
    pairs = [
        (len(text), value) for row, value in scored.scored[:_READ] if (text := _only_text(row)) is not None
    ]
    if len(pairs) < _LENGTH_ROWS or len({value for _, value in pairs}) < _MIN_GROUPS:
        return
    fillers = [
        one for row in probed for one in row.results if one.family == "length" and one.claim == "nothing"
    ]
    best = max(value for _, value in pairs)
    rho = spearman([length for length, _ in pairs], [value for _, value in pairs])
    if (
        rho is not None
        and rho >= _FOLLOWS
        and any(one.value is not None and one.value >= best for one in fillers)
    ):
        yield Finding(
            "follows-length", "warning",
            f"The longer the output, the higher the score, whatever it says: rank correlation {rho:.2f} over {pluralize(len(pairs), 'row')}.",
            evidence=tuple(f"long filler scores {describe_score(one.value)}, the best row {describe_score(best)}" for one in fillers[:1]),
        )  # fmt: skip


def _only_text(row: Row) -> str | None:
    texts = [text for value in row.prediction.values() if (text := read_text(value)) is not None]
    return texts[0] if len(texts) == 1 else None


def find_shared_bests(scored: ScoredRows) -> Iterator[Finding]:
    """Groups whose highest score several outputs share: which of them is returned, the reward does not say."""
    groups = [values for values in list_groups(scored).values() if len(set(values)) > 1]
    tied = sum(values.count(max(values)) > 1 for values in groups)
    if len(groups) >= _MIN_GROUPS and tied > len(groups) / 2:
        yield Finding(
            "tied", "note",
            f"In {tied} of {pluralize(len(groups), 'group')} with different scores several outputs share the highest: which of them is the best, "
            "the reward does not say.",
        )  # fmt: skip
