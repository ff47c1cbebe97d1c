"""What the report of an experiment adds to the sheet of a run's: pictures, the colours of arms, three columns."""

from __future__ import annotations

from typing import Final

from refine_core.export.report.styles import write_styles

_ARMS: Final = {
    "blue": ("#0072b2", "#56b4e9"),
    "amber": ("#c28500", "#e2a32c"),
    "purple": ("#a8487f", "#e0a3c4"),
    "green": ("#007a58", "#1fbf92"),
    "vermilion": ("#b84a08", "#f0813a"),
    "sky": ("#2f86c1", "#a6d8f7"),
    "olive": ("#757200", "#d8d24a"),
    "grey": ("#63605b", "#aaa69e"),
}
"""As assets/batch/arms.css has them, on a light page and on a dark one."""
_INKS: Final = {"amber": ("#8a5b00", "#e7b24a"), "sky": ("#28719f", "#a6d8f7")}
"""Of words, where the colour of marks is too pale for them."""
_BODY: Final = """
body{max-width:1180px}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:18px 34px;margin:18px 0 8px}
.pictures h2,.pair h2{font-size:16px;margin:0 0 6px}.pictures svg{width:100%;max-width:400px}
.pair{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:26px 40px;margin-top:22px;align-items:start}
.pair>div{min-width:0}
figure{margin:0}figcaption{color:var(--muted);font-size:13.5px;margin-top:2px}
svg.arm{display:inline-block;vertical-align:-2px;margin-right:7px;overflow:visible}
tbody th{text-align:left;min-width:108px}
td.num,th.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody td:not(.num){min-width:84px}tbody td.wide{min-width:170px}tr.stopped td{color:var(--muted)}
.iv{color:var(--muted)}
svg text{fill:var(--ink)}svg .muted{fill:var(--muted)}svg .value{font-weight:600}
svg .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
svg .rule-hair{stroke:var(--hair);fill:none}svg .rule-zero{stroke:var(--dashes);fill:none}
svg .at{stroke:var(--muted);stroke-dasharray:4 3;fill:none}
svg .bar-worse{stroke:var(--failed);fill:none}svg .bar-better{stroke:var(--scored);fill:none}svg .bar-equal{stroke:var(--muted);fill:none}
svg .worse{fill:var(--failed)}svg .better{fill:var(--scored)}svg .ink{fill:var(--ink)}svg .whisker{stroke:var(--ink);stroke-width:1.6;fill:none}
svg .ln{fill:none;stroke:var(--a);stroke-width:2}svg .bd{fill:var(--a);fill-opacity:.15;stroke:none}svg .mf{fill:var(--a)}svg .mo{fill:none;stroke:var(--a);stroke-width:.42}
svg .tx{fill:var(--i);font-weight:600}
.neg{color:var(--failed);font-weight:600}
@media(max-width:760px){.pair{grid-template-columns:minmax(0,1fr)}body{padding:20px 16px}h1{font-size:22px}}
@media print{body{max-width:none}.pictures{grid-template-columns:repeat(3,1fr);gap:10px 16px}.pair{display:block}figure{break-inside:avoid}svg.arm,figure svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def write_experiment_styles() -> str:
    """The whole sheet."""
    return f"{write_styles()}\n{_arms(0)}\n@media screen and (prefers-color-scheme:dark){{{_arms(1)}}}{_BODY}"


def _arms(theme: int) -> str:
    return "".join(
        f".a-{name}{{--a:{pair[theme]};--i:{_INKS.get(name, pair)[theme]}}}" for name, pair in _ARMS.items()
    )
