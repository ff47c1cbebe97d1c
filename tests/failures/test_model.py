"""Each row of the failure table, played to a real model over real HTTP: the right error, retries and words, and no key.

All rows are played once, side by side, since those that are retried take seconds.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from refine_core import errors
from refine_core.concurrency.flows import arun, run
from refine_core.errors import LMError
from refine_core.lm import LM, Reply, warm
from refine_core.lm.engine import engine
from refine_core.lm.log_guard import LIBRARIES
from tests.failures.table import KEY, ROWS, Mode, Row, close_clients, standing
from tests.threads import eventually

pytestmark = pytest.mark.timeout(600)  # the first test plays all rows
PATIENT_S = 15.0  # the limit of a row that waits for none
BATCH = 120  # servers at once: litellm lets its oldest clients go unclosed beyond 200
RETRIES = 1  # that waits grow is shown in tests/unit/test_lm_remote.py
ASK = [{"role": "user", "content": "why?"}]
PLAYED = [(row, mode) for row in ROWS for mode in row.modes]
NAMES = [f"{row.name}, {mode}" for row, mode in PLAYED]


@dataclass
class CallResult:
    """What came of a row. tries: requests that arrived, None where there is no server. stolen: at the other server."""

    result: Reply | LMError
    retries: list[tuple[int, float, LMError]]
    updates: list[str]
    tries: int | None
    stolen: int
    requests: list[dict] = field(default_factory=list)


def describe_kind(error: object) -> type | None:
    """The most special of our own classes that an error is of; one of litellm's may stand before it (fault 28)."""
    return next((kind for kind in type(error).__mro__ if kind in vars(errors).values()), None)


def play(row: Row, mode: Mode) -> CallResult:
    with standing(row) as place:
        lm = LM(
            "tiny",
            api_base=place.url,
            api_key=KEY,
            extra_headers={"X-Api-Key": KEY},
            timeout_s=row.timeout_s,
            num_retries=RETRIES,
        )
        retries, updates = [], []
        flow = lm.flow(
            ASK,
            {},
            on_retry=lambda *what: retries.append(what),
            on_text=updates.append if mode == "streamed" else None,
        )
        try:
            # Half of them by the async driver, so that both are shown what goes wrong.
            result = run(flow) if len(row.name) % 2 else asyncio.run(arun(flow))
        except LMError as error:
            result = error
        asked = [request.json for request in place.server.requests] if place.server else []
        stolen = len(place.other.requests) if place.other else 0
        return CallResult(result, retries, updates, len(asked) if place.server else None, stolen, asked)


@pytest.fixture(scope="module")
def logs():
    """All that is logged while the rows are played, by every library, at level DEBUG."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    loggers = [logging.getLogger(), *map(logging.getLogger, LIBRARIES)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="module")
def outcomes(logs):
    warm()
    engine.litellm().result()
    made = {}
    for hurried in (False, True):  # what has little time comes last, when the machine has nothing else to do
        names = [
            n for n, (row, _) in zip(NAMES, PLAYED, strict=True) if (row.timeout_s < PATIENT_S) is hurried
        ]
        for batch in (names[at : at + BATCH] for at in range(0, len(names), BATCH)):
            with ThreadPoolExecutor(24) as pool:
                played = pool.map(lambda name: play(*PLAYED[NAMES.index(name)]), batch)
                made |= zip(batch, played, strict=True)
            close_clients()
    return made


@pytest.fixture(params=list(zip(NAMES, PLAYED, strict=True)), ids=NAMES)
def played(request, outcomes):
    name, (row, mode) = request.param
    return row, mode, outcomes[name]


def test_each_row_becomes_the_right_error_and_says_the_cause_and_next_step(played):
    row, _, outcome = played
    if row.error is None:
        assert isinstance(outcome.result, Reply), outcome.result
        assert outcome.result.text == row.fragments[0]
    else:
        assert describe_kind(outcome.result) is row.error, outcome.result
        assert [word for word in row.fragments if word not in str(outcome.result)] == [], str(outcome.result)
        assert outcome.result.model == "tiny"
        assert outcome.result.retryable is row.retried


def test_each_row_is_tried_as_often_as_it_may_pass_and_each_retry_is_told(played):
    row, _, outcome = played
    retries = RETRIES if row.retried else 0
    assert [ordinal for ordinal, _, _ in outcome.retries] == list(range(1, retries + 1))
    assert {describe_kind(error) for _, _, error in outcome.retries} <= {row.error}
    if outcome.tries is not None and row.location == "server":
        refused = (
            sum("stream" in str(body) for body in outcome.requests) if row.name == "stream refused" else 0
        )
        assert outcome.tries == 1 + retries + refused
    for ordinal, wait_s, error in outcome.retries:
        advised = getattr(error, "retry_after_s", None)
        least, most = (
            (advised, advised) if advised is not None else (2.0**ordinal / 4, 2.0**ordinal / 4 + 0.5)
        )
        assert least <= wait_s <= most


def test_the_key_is_in_no_error_reply_or_draft(played):
    _, _, outcome = played
    for shown in [outcome.result, *(error for _, _, error in outcome.retries)]:
        assert KEY not in repr(shown)
        if isinstance(shown, LMError):
            assert (shown.__cause__, shown.__context__) == (None, None)
            frames = traceback.StackSummary.extract(
                traceback.walk_tb(shown.__traceback__), capture_locals=True
            )
            ours = [frame for frame in frames if "refine_core" in frame.filename]
            assert KEY not in repr([frame.locals for frame in ours]) + repr(vars(shown))
    assert KEY not in repr(outcome.updates)


def test_a_key_goes_nowhere_but_to_its_server(outcomes):
    assert [outcome.stolen for outcome in outcomes.values() if outcome.stolen] == []


def test_the_key_is_in_no_log_not_even_at_level_debug(outcomes, logs):
    eventually(lambda: "LiteLLM" in logs.getvalue())  # it logs a call in the background, after its end
    assert KEY not in logs.getvalue()


def test_a_stream_is_asked_for_only_where_somebody_reads_along(played):
    row, mode, outcome = played
    if row.name != "stream refused":
        assert {bool(body.get("stream")) for body in outcome.requests} <= {mode == "streamed"}


def test_what_is_told_last_is_the_reply(played):
    _, mode, outcome = played
    if isinstance(outcome.result, Reply) and mode == "streamed":
        assert outcome.updates[-1] == outcome.result.text


def test_streamed_or_whole_the_reply_is_the_same(outcomes):
    for row in ROWS:
        if row.error is None:
            assert outcomes[f"{row.name}, whole"].result == outcomes[f"{row.name}, streamed"].result


def test_a_draft_of_a_failed_try_is_taken_back_before_the_next_and_only_that(played):
    _, _, outcome = played
    after_nothing = [after for before, after in itertools.pairwise(["", *outcome.updates]) if not before]
    assert all(after_nothing)  # only words are taken back, and only once
    assert outcome.updates.count("") <= len(outcome.retries)
    for before, after in itertools.pairwise(outcome.updates):
        assert not after or after.startswith(before)


def test_all_calls_are_made_in_one_thread(outcomes):
    assert sum(thread.name.startswith("lm-") for thread in threading.enumerate()) == 1
