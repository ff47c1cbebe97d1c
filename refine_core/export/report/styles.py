"""The style sheet of the report: both themes, a phone's width, and paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refine_core.export.svg_paint import DARK, LIGHT, style_sheet

_MORE: Final[Mapping[str, tuple[str, str]]] = {
    "accent": ("#0067a3", "#5bb5ea"),
    "line": ("#e5e4e1", "#34322e"),
    "added": ("#e4f3ee", "#123027"),
    "removed": ("#fbeee5", "#3a2416"),
    "marked": ("#f7ebf2", "#38222f"),
}
_BODY: Final = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:940px;padding:36px 40px 60px;font:15px/1.5 "Source Sans 3","Source Sans Pro","Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:2px 0 6px;font-weight:600;text-wrap:balance}
h2{font-size:18px;line-height:1.35;margin:38px 0 8px;font-weight:600}
h3{font-size:15px;margin:18px 0 4px;font-weight:600}
h4{font-size:13.5px;margin:8px 0 2px;font-weight:600;color:var(--muted)}
p{margin:0 0 6px}
.m{color:var(--muted)}.b{font-weight:600}.s{font-size:13.5px}
a{color:var(--accent)}a:not(:hover){text-decoration:none}p a,li a,summary a,dd a{text-decoration:underline!important}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:not(:focus){position:absolute;left:-999px}
table{border-collapse:collapse;width:100%}
th{font-weight:400;color:var(--muted);font-size:13px;text-align:left;padding:0 8px 4px;border-bottom:1px solid var(--faint);white-space:nowrap;vertical-align:bottom}
td,tbody th{padding:6px 8px;border-bottom:1px solid var(--line);vertical-align:top;font-size:inherit;color:inherit}
th:first-child,td:first-child{padding-left:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.r>*{background:var(--soft)}
.w{overflow-x:auto}
dl{display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr);gap:5px 16px;margin:10px 0 0}
dt{color:var(--muted);max-width:180px}dd{margin:0;white-space:pre-wrap}
pre{font:12.5px/1.55 "Source Code Pro","Source Code",ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0 12px;padding-left:12px;border-left:2px solid var(--line);tab-size:4}
details{margin:2px 0}summary{cursor:pointer;padding:3px 0}summary:hover{color:var(--accent)}
.att{display:grid;grid-template-columns:minmax(0,1fr) 270px;gap:40px;align-items:start}
section.a{border-top:1px solid var(--line);margin-top:30px}section.a>h2{margin-top:16px}
svg{display:block;max-width:100%;height:auto}
svg text{font-family:inherit}svg a:hover text{text-decoration:underline}
svg.slim{display:none}
ins{background:var(--added);color:var(--best);text-decoration:none;border-radius:3px;padding:0 2px}
del{background:var(--removed);color:var(--failed);border-radius:3px;padding:0 2px}
mark{background:var(--marked);color:inherit;border-radius:3px;padding:0 2px}
.bad{color:var(--failed)}.ok{color:var(--best)}
.hint{border-left:3px solid var(--hint);padding-left:12px;margin:14px 0 0}
.left{color:var(--muted);border:1px dashed var(--faint);border-radius:3px;padding:0 4px;font-size:.92em}
template{display:none}
@media(max-width:620px){svg.slim{display:block}svg.wide,.hp{display:none}h1{font-size:22px}body{padding:20px 16px}.att{grid-template-columns:minmax(0,1fr);gap:14px}dl{gap:5px 12px}dt{max-width:110px}}
body:has(#all:checked) details::details-content,details:has(:target)::details-content{content-visibility:visible;display:block;block-size:auto;opacity:1}
.tog{display:flex;gap:8px;align-items:center;cursor:pointer;margin-top:14px}
@media print{
.tog,.skip{display:none}body{max-width:none;padding:0;font-size:10.5pt}
h2,h3,h4,summary{break-after:avoid}tr,.hint,svg{break-inside:avoid}a{color:inherit;text-decoration:none!important}
pre{font-size:8.5pt}@page{margin:16mm 15mm}
ins,del,mark,tr.r>*,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""


def write_styles() -> str:
    """The whole sheet."""
    light = _variables(LIGHT, 0)
    dark = _variables(DARK, 1)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"{_BODY}{style_sheet('svg')}"
    )


def _variables(colours: Mapping[str, str], theme: int) -> str:
    more = {name: pair[theme] for name, pair in _MORE.items()}
    return ";".join(f"--{name}:{value}" for name, value in {**colours, **more}.items())
