"""The style sheet of a notebook's output: nothing of it reaches the page around, and it fits light and dark notebooks alike.

Every rule stands under `.refinescope`. Colours are mixed from the notebook's own text colour, so no theme need be known.
"""

from __future__ import annotations

from typing import Final

from refine_core.export.chart.paint import style_sheet

SCOPE: Final = "refinescope"
_ROOT: Final = f".{SCOPE}.{SCOPE}"  # twice: stronger than a notebook's own rules for tables
_COLOURS: Final = {
    "ink": "currentColor",
    "paper": "var(--jp-layout-color0,var(--vscode-editor-background,var(--colab-primary-surface-color,transparent)))",
    "muted": "color-mix(in srgb,currentColor 76%,transparent)",
    "faint": "color-mix(in srgb,currentColor 70%,transparent)",
    "hair": "color-mix(in srgb,currentColor 14%,transparent)",
    "dashes": "color-mix(in srgb,currentColor 28%,transparent)",
    "chip": "color-mix(in srgb,currentColor 10%,transparent)",
    "step": "color-mix(in srgb,#0072b2 55%,transparent)",
    "soft": "color-mix(in srgb,#0072b2 11%,transparent)",
    "scored": "color-mix(in srgb,#0072b2 72%,currentColor)",
    "best": "color-mix(in srgb,#007a58 66%,currentColor)",
    "failed": "color-mix(in srgb,#b84a08 66%,currentColor)",
    "hint": "color-mix(in srgb,#a8487f 66%,currentColor)",
}
_RULES: Final = """
{font:14px/1.45 "Helvetica Neue",Arial,sans-serif;color:inherit;max-width:880px;overflow-wrap:anywhere}
 p{margin:0 0 4px}| .head{font-size:16px;font-weight:600}| .m{color:var(--muted)}| .s{font-size:12.5px}
 svg{display:block;max-width:100%;height:auto;margin:6px 0}| svg text{font-family:inherit}
 table{border-collapse:collapse;color:inherit;width:100%;margin:6px 0;border:0;font-size:13.5px;table-layout:auto}
 tbody tr,| tbody tr:hover{background:none}| tbody tr:nth-child(n){background:none}| tbody tr.r.r{background:var(--soft)}
 th,| td{text-align:left;vertical-align:top;padding:4px 8px;border:0;border-bottom:1px solid var(--hair);white-space:normal;max-width:none;font-weight:400;background:none}
 thead th{color:var(--muted);font-size:12.5px;border-bottom-color:var(--faint)}
 .n{width:1%;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}| b{font-weight:600}
 ins{color:var(--best);text-decoration:underline;text-decoration-thickness:1px}| del{color:var(--failed);text-decoration:line-through}
 .ok,| .c-best{color:var(--best)}| .bad,| .c-failed{color:var(--failed)}| .c-scored{color:var(--scored)}| .c-muted{color:var(--muted)}
 .sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
 summary{cursor:pointer;padding:2px 0}| h5{margin:8px 0 2px;font-size:12.5px;font-weight:600;color:var(--muted)}
 pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;line-height:1.5;margin:2px 0 8px;padding:0 0 0 10px;border:0;border-left:2px solid var(--hair);background:none;color:inherit}
 mark{background:color-mix(in srgb,#a8487f 16%,transparent);color:inherit}| .left{border:1px dashed var(--faint);padding:0 4px}
 details.c{margin-left:14px}
"""


def write_styles() -> str:
    """The whole sheet."""
    variables = ";".join(f"--{name}:{value}" for name, value in _COLOURS.items())
    rules = "".join(f"{_ROOT}{rule}" for rule in _RULES.strip("\n").replace("\n", "\n|").split("|"))
    return f"{_ROOT}{{{variables}}}\n{rules}\n{style_sheet(f'{_ROOT} svg')}"
