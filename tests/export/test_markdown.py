"""A run as Markdown for a pull request."""

from __future__ import annotations

from refine_core.export import export_run, read_runs
from refine_core.export.run_log import RunLog
from refine_core.runs import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store.memory import MemoryStore
from tests.logs import Log, headline

_GITHUB_TAKES = 65_536


def write(log: RunLog) -> str:
    return export_run(log, "md").data.decode()


def test_task_input_and_result_come_before_a_table_with_answers_and_hints():
    runs = Runs(MemoryStore())
    run_id = runs.start(EXAMPLES["flaky"].spec)
    runs.join(run_id, 100)
    (log,) = read_runs(runs.store, [run_id])
    text = write(log)
    above, table = text.split("\n| Attempt |", 1)
    assert "- Task: `Say how the reviewer feels, and how sure one can be, from 0 to 1.`" in above
    assert "- Input `review`: " in above
    assert "- **Returned: attempt 5** · `sentiment`: `neutral` · `confidence`: `0.5`" in above
    last = next(line for line in table.splitlines() if line.startswith("| 5 | 1.00 |"))
    assert "| `neutral`<br>`confidence: 0.5` |" in last
    assert "`confidence`: give a number between 0.4 and 0.7." in last
    assert "cost unknown" not in text, "an attempt without a reply has no cost to speak of"


def test_the_parts_of_the_reward_have_a_column_an_attempt_below_the_answers():
    text = write(RunLog(headline().records))
    first, second = text.split("\n| Part of the reward | Attempt 1 | Attempt 2 |", 1)
    assert "\n| Attempt | Reward | Outcome | " in first
    for attempt in headline().timeline.attempts:
        for name, value in attempt.score.parts.items():
            assert f"`{name}` {value:.2f}" in second, "also with the attempt"


def test_long_answers_and_many_attempts_stay_within_what_github_takes():
    log = Log(stages=("answer",), N=200, threshold=None)
    for i in range(200):
        log.attempt(i / 200, outputs={"answer": f"{i} " + "long | answer " * 400})
    log.finish()
    text = write(RunLog(log.records))
    assert len(text) < _GITHUB_TAKES
    assert "of 200 attempts." in text
    assert "<summary>Returned: attempt 200, in full</summary>" in text
