"""What is odd about the scores of the rows, for the list under the editor."""

from __future__ import annotations

from typing import Final

from pages.rewards.bench import Bench
from pages.rewards.examining import Examined
from refine_core.formatting import pluralize
from refine_core.workbench import Finding

_OF_PROBES: Final = ("paid-", "refused-")


def is_of_a_probe(finding: Finding) -> bool:
    """Whether it says what the lists of probes show line by line."""
    return finding.code.startswith(_OF_PROBES)


def describe_figures(bench: Bench, examined: Examined) -> dict[str, object] | None:
    """Title and lines; None where there are no rows to say anything about."""
    if not bench.rows or examined.shown is None or not examined.current:
        return None
    found = [one for one in examined.shown.findings if one.line is None and not is_of_a_probe(one)]
    lines = [
        {"name": one.message, "note": "", "value": "", "tone": "", "severity": one.severity} for one in found
    ]
    if not lines:
        return None
    return {"title": f"On {pluralize(len(bench.rows), 'row')}", "note": "", "lines": lines}
