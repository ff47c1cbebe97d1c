"""The style sheet of the report: both themes, a phone's width, and paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refine_core.export.chart.paint import DARK, LIGHT, style_sheet

_MORE: Final[Mapping[str, tuple[str, str]]] = {
    "accent": ("#0067a3", "#5bb5ea"),
    "line": ("#e5e4e1", "#34322e"),
    "added": ("#e4f3ee", "#123027"),
    "removed": ("#fbeee5", "#3a2416"),
    "marked": ("#f7ebf2", "#38222f"),
    "kw": ("#7a2e9d", "#c99be0"),
    "st": ("#1c6b34", "#86c998"),
    "nu": ("#a3480b", "#f0a36a"),
}
_BODY: Final = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:940px;padding:36px 40px 60px;font:15px/1.5 "Source Sans 3","Source Sans Pro","Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:2px 0 6px;font-weight:600;text-wrap:balance}
h2{font-size:20px;line-height:1.35;margin:38px 0 8px;font-weight:600}
h3{font-size:18px;line-height:1.35;margin:16px 0 8px;font-weight:600}
h5{font-size:13px;margin:8px 0 2px;font-weight:600;color:var(--muted)}
p{margin:0 0 6px}b{font-weight:600}
.m{color:var(--muted)}.s{font-size:13.5px;font-weight:400}.t{white-space:pre-wrap}
.plain{margin:18px 0;padding:12px 16px;background:var(--soft);border-radius:6px}.plain p:last-child{margin:0}
a{color:var(--accent)}th a,svg a{text-decoration:none}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:not(:focus){position:absolute;left:-999px}
table{border-collapse:collapse;width:100%}
thead th{font-weight:400;color:var(--muted);font-size:13px;text-align:left;padding:0 8px 4px;border-bottom:1px solid var(--faint);vertical-align:bottom;line-height:1.25;overflow-wrap:break-word;min-width:44px}
thead .s{font-size:12px;white-space:nowrap}
td,tbody th{padding:6px 8px;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
th:first-child,td:first-child{padding-left:4px}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.r>*{background:var(--soft)}
.w{overflow-x:auto}.wi{width:auto}.wi th,.wi td{padding-right:24px}
.bar{display:block;width:44px;height:5px;margin-top:3px;border:1px solid var(--dashes);background:linear-gradient(var(--scored) 0 0) left/calc(var(--s)*100%) 100% no-repeat;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bar.neg{background-image:linear-gradient(var(--failed) 0 0)}
.k{font-size:.85em}.c-scored{color:var(--scored)}.c-best,.ok{color:var(--best)}.c-failed,.bad{color:var(--failed)}.c-muted{color:var(--muted)}
.legend{margin-top:6px}.legend>span{margin-right:14px}
dl{display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr);gap:5px 16px;margin:10px 0}
dt{color:var(--muted);max-width:170px}dd{margin:0;white-space:pre-wrap}
pre,code{font:12.5px/1.55 "Source Code Pro","Source Code",ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap}
pre{margin:4px 0 12px;padding-left:12px;border-left:2px solid var(--line);tab-size:4}
.code{padding-left:0;border:0;counter-reset:l}.code .l{display:block;padding-left:44px;text-indent:-44px;counter-increment:l}.code .l::before{content:counter(l);display:inline-block;width:30px;margin-right:14px;text-indent:0;text-align:right;color:var(--faint);user-select:none}
.code .e{background:var(--removed)}.code i{font-style:normal}.kw{color:var(--kw)}.st{color:var(--st)}.nu{color:var(--nu)}.co{color:var(--muted)}
.same{font-family:"Source Sans 3","Segoe UI",Roboto,Arial,sans-serif;font-size:13px}
details{margin:2px 0}summary{cursor:pointer;padding:3px 0}summary:hover{color:var(--accent)}
.att{display:grid;grid-template-columns:minmax(0,1fr) 300px;gap:40px;align-items:start}
.parts{font-size:14px;margin-top:6px}.parts td{padding-top:4px;padding-bottom:4px}
section.a{border-top:1px solid var(--faint);margin-top:30px;padding-bottom:4px}
details.a{border-top:1px solid var(--line)}details.a h3{display:inline;font-size:16px}
svg{display:block;max-width:100%;height:auto}svg text{font-family:inherit}svg a:hover text{text-decoration:underline}
svg.slim{display:none}
ins{background:var(--added);color:var(--best);text-decoration:none;border-radius:3px;padding:0 2px}
del{background:var(--removed);color:var(--failed);border-radius:3px;padding:0 2px}
mark{background:var(--marked);color:inherit;border-radius:3px;padding:0 2px}
.hint{border-left:3px solid var(--hint);padding-left:12px;margin:0 0 12px;break-after:avoid}
.told{border-left:2px solid var(--hint);padding-left:7px;margin-top:3px}
.left{color:var(--muted);border:1px dashed var(--faint);border-radius:3px;padding:0 4px;font-size:.92em}
.foot{margin-top:40px;border-top:1px solid var(--line);padding-top:12px}
.tog{display:flex;gap:8px;align-items:center;cursor:pointer;margin-top:14px}
@media(max-width:620px){svg.slim{display:block}svg.wide,.hp{display:none}h1{font-size:22px}body{padding:20px 16px}.att{grid-template-columns:minmax(0,1fr);gap:10px}dl{gap:5px 12px}dt{max-width:104px}td,tbody th,thead th{padding-left:5px;padding-right:5px}}
body:has(#all:checked) details::details-content,details:has(:target)::details-content,details:target::details-content{content-visibility:visible;display:block;block-size:auto;opacity:1}
@media print{
.tog,.skip{display:none}body{max-width:none;padding:0;font-size:10.5pt}.plain{background:none;padding:0}
h1,h2,h3,h5,summary{break-after:avoid}tr,.hint,svg,.parts,.att{break-inside:avoid}a{color:inherit;text-decoration:none}
pre{font-size:8.5pt}@page{margin:16mm 15mm}.att{gap:24px}
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
