"""The failure table, played to whole runs on a real store: one good attempt, then trouble.

Every row: the good attempt stays on record, the trouble becomes retries and then a clear LMFailed, the run ends or goes on
as fail_count says, and the key is found nowhere. All rows are played once, side by side.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from refine_core import ModelSpec, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.lm import warm
from refine_core.lm.engine import engine
from refine_core.lm.log_guard import LIBRARIES
from refine_core.runs import Credentials, Run, Runs
from refine_core.store import open_store
from tests.failures.table import KEY, ROWS, SLOW_S, Row, close_clients, standing
from tests.openai_server import Answer, OpenAIServer, polite, status
from tests.threads import run_to_end, wait_for_event

RETRIES = 1
REWARD = "def reward(args, pred):\n    return 0.5\n"
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),), REWARD, {"question": "Why?"}, N=3, threshold=1.0
)
FAILING = [row for row in ROWS if row.error is not None and "streamed" in row.modes]
pytestmark = pytest.mark.timeout(600)  # the first test plays all rows
PATIENCE_S = 6.0  # with many runs at once, a good reply may take longer than a row's own limit; three times this is below SLOW_S
GOOD = 2  # requests answered before the trouble begins: the first attempt, and the advice after it


def spec_for(url, **given):
    timeout_s = given.pop("timeout_s", 15.0)
    model = ModelSpec(
        kind="litellm", model="tiny", api_base=url, cache=False, retries=RETRIES, timeout_s=timeout_s
    )
    return replace(SPEC, model=model, **given)


@dataclass
class Played:
    """A row, the run that it was played to, and how many requests came."""

    row: Row
    run: Run
    records: list
    good: bool


class Worlds:
    """Runs on one real store, and everything that is logged meanwhile."""

    def __init__(self, folder):
        self.folder = folder
        self.runs = Runs(open_store(folder))
        self.logged = io.StringIO()

    def play(self, row: Row) -> Played:
        with standing(row) as place:
            good = place.server is not None and place.other is None and row.location == "server"
            if good:
                server, left = place.server, iter(range(GOOD))
                server.default = lambda body: (
                    polite(body) if next(left, None) is not None else row.respond(body)
                )
            run_id = self.runs.start(
                spec_for(place.url, fail_count=0, timeout_s=max(row.timeout_s, PATIENCE_S)),
                Credentials({"model": KEY}),
            )
            return Played(row, self.ended(run_id), self.runs.events(run_id), good)

    def ended(self, run_id) -> Run:
        return run_to_end(self.runs, run_id, within_s=100)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    made = Worlds(tmp_path_factory.mktemp("failures"))
    handler = logging.StreamHandler(made.logged)
    loggers = [logging.getLogger(), *map(logging.getLogger, LIBRARIES)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield made
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
    made.runs.close()
    close_clients()


@pytest.fixture(scope="module")
def all_played(worlds):
    warm()
    engine.litellm().result()
    # Those that wait for a limit are played after the others, whose work would hold up what comes before the silence.
    working = [row for row in FAILING if row.timeout_s > PATIENCE_S]
    waiting = [row for row in FAILING if row.timeout_s <= PATIENCE_S]
    with ThreadPoolExecutor(8) as pool:
        played = [*pool.map(worlds.play, working)]
        played += pool.map(worlds.play, waiting)
    return {one.row.name: one for one in played}


@pytest.fixture(params=[row.name for row in FAILING])
def played(request, all_played):
    return all_played[request.param]


def test_what_was_recorded_before_the_trouble_stays(played):
    line = played.run.timeline
    if played.good:
        assert line.attempts[0].reward == 0.5
        assert line.attempts[0].advice.state == "done"
    assert [r.seq for r in played.records] == list(range(1, len(played.records) + 1))
    assert played.run.state == "finished"


def test_the_trouble_is_retried_where_it_may_pass_and_retries_are_no_attempts(played):
    failed = [call for call in played.run.timeline.calls if call.error is not None]
    assert len(failed) == 1
    assert len(failed[0].retries) == (RETRIES if played.row.retried else 0)
    assert all(retry.wait_s > 0 for retry in failed[0].retries)
    assert len(played.run.timeline.attempts) == (2 if played.good else 1)


def test_the_failure_names_the_cause_and_the_next_step(played):
    fails = [r.event for r in played.records if isinstance(r.event, ev.LMFailed)]
    assert [fail.error.type for fail in fails] == [played.row.error.__name__]
    assert [word for word in played.row.fragments if word not in fails[0].error.message] == []
    assert played.run.stop_summary.count(fails[0].error.message.splitlines()[0][:60]) == 1, (
        "the screen says it, too"
    )


def test_the_run_ends_where_no_failure_is_tolerated(played):
    end = played.run.timeline.end
    if played.good:
        assert (end.reason, end.best) == ("too_many_failures", 0)
        assert "1 attempt failed (0 allowed)" in played.run.stop_summary
    else:
        assert (end.reason, end.best) == ("too_many_failures", None)


def test_where_failures_are_tolerated_the_run_goes_on_and_returns_its_best(worlds):
    with OpenAIServer(polite) as server:
        bad = status(400, "Not so.")
        server.script(polite, polite, bad, bad)
        run_id = worlds.runs.start(spec_for(server.url), Credentials({"model": KEY}))
        run = worlds.ended(run_id)
    assert [a.state for a in run.timeline.attempts] == ["scored", "failed", "failed"]
    assert (run.timeline.end.reason, run.timeline.end.returned) == ("attempts_used_up", 0)


def test_advice_that_cannot_be_had_costs_no_attempt(worlds):
    with OpenAIServer(polite) as server:
        server.script(polite, status(403, f"Not {KEY}."), polite, status(403), polite)
        run_id = worlds.runs.start(spec_for(server.url), Credentials({"model": KEY}))
        run = worlds.ended(run_id)
    assert [a.state for a in run.timeline.attempts] == ["scored"] * 3
    assert [a.advice.error.type for a in run.timeline.attempts[:2]] == ["LMKeyError", "LMKeyError"]


@pytest.mark.parametrize(
    "moment",
    {
        "before the headers": [Answer(hang_s=SLOW_S)],
        "in mid-reply": [Answer("one two three four five", stall_s=SLOW_S)],
        "as it trickles": [Answer("drop by drop " * 20, trickle_s=SLOW_S)],
        "while it waits to try again": [status(503, retry_after=25)],
        "while advice is asked for": [polite, Answer(hang_s=SLOW_S)],
        "in the second attempt": [polite, polite, Answer(hang_s=SLOW_S)],
    }.items(),
    ids=lambda moment: moment[0],
)
def test_a_cancel_ends_the_run_within_a_second_at_any_moment(worlds, moment):
    _, behaviours = moment
    with OpenAIServer(polite) as server:
        server.script(*behaviours)
        run_id = worlds.runs.start(spec_for(server.url), Credentials({"model": KEY}))
        server.wait_for_requests(len(behaviours))
        seq = len(worlds.runs.events(run_id))
        while worlds.runs.wait(run_id, seq, 0.3):
            seq = len(worlds.runs.events(run_id))
        before = worlds.runs.events(run_id)
        assert worlds.runs.cancel(run_id)
        run = run_to_end(worlds.runs, run_id, within_s=1.0)
        assert run.timeline.end.reason == "cancelled"
        assert worlds.runs.events(run_id)[: len(before)] == before
        if "wait" not in moment[0]:
            assert server.requests[-1].disconnected.wait(2), "the connection is closed"


def slow_lookup(held, monkeypatch):
    """A resolver that does not answer."""
    over = threading.Event()
    held.callback(over.set)

    def hang(*_, **__):
        over.wait(SLOW_S / 4)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    return "http://a-host.test:8000/v1"


def full_backlog(held, _):
    """A port that accepts no more connections, and refuses none."""
    door = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = held.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(door.getsockname())
    return f"http://127.0.0.1:{door.getsockname()[1]}/v1"


@pytest.mark.parametrize("world", [slow_lookup, full_backlog])
def test_a_cancel_ends_the_run_within_a_second_before_there_is_a_connection(worlds, world, monkeypatch):
    with contextlib.ExitStack() as held:
        run_id = worlds.runs.start(spec_for(world(held, monkeypatch)), Credentials({"model": KEY}))
        asked = wait_for_event(worlds.runs, run_id, "lm_requested")
        assert not worlds.runs.wait(run_id, asked.seq, 1.0), "nothing comes of it"
        assert worlds.runs.cancel(run_id)
        run = run_to_end(worlds.runs, run_id, within_s=1.0)
        assert run.timeline.end.reason == "cancelled"


def test_a_cancel_ends_the_run_within_a_second_while_the_reward_works(worlds):
    with OpenAIServer(polite) as server:
        endless = "def reward(args, pred):\n    while True:\n        pass\n"
        spec = replace(spec_for(server.url), reward=endless, reward_timeout_s=30.0)
        run_id = worlds.runs.start(spec, Credentials({"model": KEY}))
        started = wait_for_event(worlds.runs, run_id, "reward_started")
        assert not worlds.runs.wait(run_id, started.seq, 0.3), "it works on"
        assert worlds.runs.cancel(run_id)
        run = run_to_end(worlds.runs, run_id, within_s=1.0)
    assert run.timeline.end.reason == "cancelled"
    assert "scored" not in {a.state for a in run.timeline.attempts}


def test_the_key_is_in_nothing_that_was_written_shown_or_logged(worlds, all_played):
    """Every row has passed by now, each with a server that repeats the key wherever it can."""
    for file in worlds.folder.rglob("*"):
        with contextlib.suppress(IsADirectoryError):
            assert KEY.encode() not in file.read_bytes(), file.name
    for one in all_played.values():
        assert KEY not in f"{one.run.stop_summary}{one.run.usage_summary}{one.run.timeline!r}", one.row.name
        assert KEY not in repr(one.records), one.row.name
    assert len(worlds.logged.getvalue()) > 1000, "something was logged"
    assert KEY not in worlds.logged.getvalue()
