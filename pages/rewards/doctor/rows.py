"""What the scores of the rows give away, for the list under the editor: findings, and figures beside a guess that is for free."""

from __future__ import annotations

from typing import Final

from pages.rewards.bench import Bench
from pages.rewards.doctor.examining import Examined, is_of_a_probe
from refine_core.doctor import Examination, Figures, LabelFigures
from refine_core.formatting import format_score, pluralize
from refine_core.workbench import Finding

_AS_FIGURES: Final = ("groups-without-spread", "against-labels")
MANY: Final = 0.25  # of the groups; they are lost for training
EVIDENCE: Final = 2


def list_row_findings(examination: Examination) -> list[Finding]:
    """What is odd about the rows, without what a figure says."""
    return [
        one
        for one in examination.findings
        if one.line is None
        and not is_of_a_probe(one)
        and not (one.severity == "note" and one.code in _AS_FIGURES)
    ]


def describe_rows(bench: Bench, examined: Examined) -> dict[str, object] | None:
    """Title, findings and figures; None where there are no rows to say anything about."""
    shown = examined.shown
    if shown is None or not examined.current:
        return None
    found = list_row_findings(shown)
    lines = _list_figures(shown.statistics)
    if not found and not lines:
        return None
    return {
        "title": f"On {_count_rows(bench, shown.statistics)}" if bench.rows else "On the cases",
        "note": bench.sources[0].title if len(bench.sources) == 1 else "",
        "findings": [
            {"severity": one.severity, "message": one.message, "evidence": _list_evidence(bench, one)}
            for one in found
        ],
        "lines": lines,
    }


def _list_evidence(bench: Bench, finding: Finding) -> list[str]:
    """What was seen; an attempt is called by its number, and not by its id among all rows."""
    lines = list(finding.evidence[:EVIDENCE])
    for source in bench.sources:
        if source.timeline is not None:
            lines = [line.replace(f"row {source.timeline.run_id}/", "attempt ") for line in lines]
    return lines


def _count_rows(bench: Bench, statistics: Figures | None) -> str:
    rows, groups = len(bench.rows), statistics.groups if statistics is not None else 0
    if not 1 < groups < rows:
        return pluralize(rows, "row")
    size = f" of {rows // groups}" if rows % groups == 0 else ""
    return f"{pluralize(rows, 'row')}, {pluralize(groups, 'group')}{size}"


def _list_figures(statistics: Figures | None) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = []
    if statistics is None:
        return lines
    groups, flat = statistics.groups, statistics.groups_without_spread
    if groups > 1:
        tone = "bad" if flat > MANY * groups else ""
        lines.append(_line("Groups without spread, so no gradient", "", f"{flat:,} of {groups:,}", tone))
    passed, threshold, scored = statistics.passed, statistics.threshold, statistics.scored
    if passed is not None and threshold is not None and scored:
        name = f"Rows that reach the threshold {format_score(threshold)}"
        lines.append(_line(name, "", f"{passed:,} of {scored:,}", "" if passed else "bad"))
    elif (high := statistics.high) is not None and high < 1:
        lines.append(_line("Highest score", "no row reaches a threshold above it", format_score(high), ""))
    lines += _list_label_figures(statistics.labels) if statistics.labels is not None else []
    same = statistics.same_when_repeated
    if same is not None and not statistics.recorded:  # recorded scores were not worked out here
        words, tone = ("the same", "good") if same else ("not the same", "bad")
        lines.append(_line("Scored twice, one by one, in another order", "", words, tone))
    return lines


def _list_label_figures(labels: LabelFigures) -> list[dict[str, str]]:
    """Agreement with what people said, beside a guess that looks at nothing."""
    lines = []
    agreement, guess = labels.agreement, labels.constant_guess
    if guess is not None:
        word = "good" if labels.good >= labels.bad else "bad"
        tone = "" if agreement > guess else "bad"
        lines.append(
            _line("Agreement with labels", f"always “{word}” gives {guess:.2f}", f"{agreement:.2f}", tone)
        )
    if (auc := labels.auc) is not None:
        tone = "bad" if auc <= 0.5 else ""  # noqa: PLR2004  # a coin
        lines.append(_line("A good row scores more than a bad one", "a coin gives 0.50", f"{auc:.2f}", tone))
    lines.append(
        _line("Threshold that tells good from bad best", "", format_score(labels.best_threshold), "")
    )
    return lines


def _line(name: str, note: str, value: str, tone: str) -> dict[str, str]:
    return {"name": name, "note": note, "value": value, "tone": tone}
