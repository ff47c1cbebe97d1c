"""The first view: the verdict, what would have happened, the rows."""

from __future__ import annotations

from pages.rewards.bench import Bench
from pages.rewards.headline import draw_headline
from pages.rewards.judge import draw_judge
from pages.rewards.scores.table import draw_board
from pages.rewards.scores.verdict import describe_rows
from pages.rewards.scores.what_if import describe_run, read_what_if
from pages.rewards.sources import draw_empty


def draw_scores(bench: Bench) -> None:
    """All of it, from the top; an invitation where there are no rows."""
    if not bench.rows:
        draw_empty()
        return
    question = read_what_if(bench)
    waits = bench.scores is not None and bench.scores.summary.waiting > 0
    headline, detail = describe_rows(bench) if question is None or waits else describe_run(question)
    draw_headline(headline, detail)
    draw_judge(bench)
    draw_board(bench, question)
