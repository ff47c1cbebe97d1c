"""What reading the code finds, under the editor: line, message, fix. A press on a line takes the editor there.

draw_findings(bench) --data--> assets/rewards/findings.js --line, fix--> take_findings_clicks
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.rewards.goto import go_to_line
from pages.shared.clicks import take_click
from pages.shared.web import FINDINGS, import_script, read_styles
from refine_core import programs
from refine_core.unseen import show_unseen_in
from refine_core.workbench import Finding

NAMED: Final = 4  # texts; all of them are listed beside it
_TEXT: Final = ": “"
KEY: Final = static_key("findings")
_OF: Final = static_key("findings-of")
_component = st.components.v2.component(
    "refinescope.rewards.findings",
    js=import_script(FINDINGS),
    css=read_styles(FINDINGS.with_name("doctor.css")),
)


def take_findings_clicks() -> None:
    """Do what was pressed: go to a line, or fix it. Before anything is drawn; a browser can send anything."""
    click = take_click(KEY, "press")
    if click is None:
        return
    source, findings = st.session_state.get(_OF, ("", ()))
    place = click.get("place")
    if not isinstance(place, int) or not 0 <= place < len(findings) or source != draft.code():
        return  # of another text
    finding: Finding = findings[place]
    if click.get("name") == "fix" and finding.fix is not None:
        draft.replace_code(programs.apply_fix(source, finding.fix))
    elif finding.line is not None:
        go_to_line(finding.line)


def draw_findings(
    bench: Bench, findings: Sequence[Finding], figures: Mapping[str, Any] | None = None
) -> None:
    """Draw them, and what was seen on rows. figures: see doctor_rows.describe_rows.

    In an AppTest, press with `at.session_state[KEY] = {"press": {"name": "line", "place": 0, "at": 1}}`.
    """
    st.session_state[_OF] = (bench.code, tuple(findings))
    _component(
        key=KEY,
        data=show_unseen_in(
            {
                "findings": [_describe(i, one) for i, one in enumerate(findings)],
                "none": _describe_none(bench),
                "figures": figures,
            }
        ),
        height="content",
        on_press_change=lambda: None,
    )


def _describe(place: int, finding: Finding) -> dict[str, object]:
    return {
        "place": place,
        "line": finding.line,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": _list_evidence(finding),
        "fix": finding.fix.label if finding.fix is not None else "",
    }


def _list_evidence(finding: Finding) -> list[str]:
    """What was seen. Texts that were tried are only named, as they are listed beside it."""
    tried = [
        one.partition(_TEXT)[0] for one in finding.evidence if _TEXT in one and not one.startswith("row ")
    ]
    if not tried:
        return list(finding.evidence[:1])
    more = f" and {len(tried) - NAMED} more" if len(tried) > NAMED else ""
    return [f"Seen with {', '.join(f'“{name}”' for name in tried[:NAMED])}{more}"]


def _describe_none(bench: Bench) -> str:
    """What stands there where nothing was found."""
    if draft.is_empty(bench.code):
        return "There is no reward yet. Write one above, or open one."
    if bench.recognized is None:
        return "The reward is not run here, so it is not read either."
    return "Nothing stands out in the code."
