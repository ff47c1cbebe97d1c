"""What an examination says: findings with evidence, probes, and one sentence on top."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from refine_core.cases import CaseReport
from refine_core.doctor.figures import Figures
from refine_core.doctor.probes.scoring import ProbeResult, RowProbes
from refine_core.rewards.checks import Finding

ORDER: Final = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that is known of a reward.

    verdict: one sentence. detail: on what it stands. findings: errors first. probes: of each right answer that was tried.
    statistics: figures about the rows; None without any. cases: what came of the cases.
    """

    verdict: str
    detail: str
    findings: tuple[Finding, ...] = ()
    probes: tuple[RowProbes, ...] = ()
    statistics: Figures | None = None
    cases: CaseReport = field(default_factory=CaseReport)

    @property
    def paid_for_nothing(self) -> tuple[ProbeResult, ...]:
        """Texts that are paid and should not be, of all right answers; each kind of text once."""
        return _once(one for row in self.probes for one in row.paid_for_nothing)

    @property
    def refused(self) -> tuple[ProbeResult, ...]:
        """Right answers that are paid differently, of all rows; each kind of text once."""
        return _once(one for row in self.probes for one in row.refused)

    @property
    def has_error(self) -> bool:
        """Whether something cannot work."""
        return any(one.severity == "error" for one in self.findings)

    @property
    def has_warning(self) -> bool:
        """Whether something is paid or refused wrongly."""
        return any(one.severity == "warning" for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        """As `refinescope check --json` prints it; docs/command-line.md describes the form."""
        return {
            "verdict": self.verdict,
            "detail": self.detail,
            "findings": [finding_to_json(one) for one in self.findings],
            "cases": [one.to_json() for one in self.cases.results],
            "probes": [probes_to_json(one) for one in self.probes],
            "statistics": {} if self.statistics is None else self.statistics.to_json(),
        }


def finding_to_json(one: Finding) -> dict[str, Any]:
    """A finding as JSON data."""
    return {
        "kind": one.code,
        "severity": one.severity,
        "line": one.line,
        "message": one.message,
        "evidence": list(one.evidence),
    }


def probes_to_json(probes: RowProbes) -> dict[str, Any]:
    """The probes of one right answer as JSON data."""
    return {
        "row": probes.right.row.id,
        "answer": probes.right.text,
        "text": probes.text,
        "value": probes.value,
        "tried": len(probes.results),
        "paid_for_nothing": [_result_to_json(one) for one in probes.paid_for_nothing],
        "refused": [_result_to_json(one) for one in probes.refused],
    }


def _result_to_json(one: ProbeResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "text": one.text,
        "value": one.value,
        "share": one.share,
        "paid_like": one.paid_like,
        "error": one.error or None,
    }


def _once(results: Any) -> tuple[ProbeResult, ...]:
    return tuple({one.name: one for one in reversed(list(results))}.values())[::-1]
