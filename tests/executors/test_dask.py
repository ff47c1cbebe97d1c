"""Runs on real worker processes of Dask: the same logs as on threads, whatever happens to the workers."""

import os
import random
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core import events as ev
from refine_core.cli.serve import Serving, serve
from refine_core.errors import SpecError
from refine_core.executors.choice import open_executor
from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.executors.protocol import ExecutorError
from refine_core.experiments import Arm, Budget, Cell, Experiment, Experiments, RateLimit, new_experiment_id
from refine_core.runs import Credentials, Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import MemoryStore, open_store
from tests.executors.conftest import KEY_NAME, SECRET
from tests.executors.same import tell, tell_uninterrupted
from tests.experiments.made import make_dataset
from tests.openai_server import Answer, OpenAIServer, polite, status
from tests.threads import eventually, run_to_end

KILLS = int(os.environ.get("REFINESCOPE_DASK_KILLS", "2"))
"""So many times the workers are killed; `.ci/long dask` asks for 50."""
NEVER = "def reward(args, pred):\n    return 0.25\n"
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    NEVER,
    N=4,
    threshold=1.0,
    inputs={"question": "Why is the sky blue?"},
    model=ModelSpec("practice"),
)
BROKEN = "def reward(args, pred):\n    return 1 / 0\n"
SOMETIMES = "def reward(args, pred):\n    return float(len(pred.answer) % 7) / 7\n"


def http_model(server: OpenAIServer, **fields: object) -> ModelSpec:
    return ModelSpec(
        "litellm", model="openai/tiny", api_base=server.url, key_env=KEY_NAME, cache=False, **fields  # type: ignore[arg-type]
    )  # fmt: skip


def find_workers(cluster: DaskExecutor) -> list[int]:
    """The worker processes, by their ids. Whoever kills one has its nanny begin another."""
    cluster._client.wait_for_workers(2, timeout=60)
    return list(cluster._client.run(os.getpid).values())


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        replace(SPEC, strategy="best_of_n"),
        replace(SPEC, reward=SOMETIMES, threshold=0.7),
        replace(SPEC, reward=BROKEN),
        replace(SPEC, stages=(StageSpec("draft", "question -> notes"), StageSpec("answer", "question, notes -> answer"))),
    ],
    ids=["refine", "best of n", "a threshold", "a broken reward", "two stages"],
)  # fmt: skip
def test_a_run_has_the_log_that_it_has_on_threads(spec: ProgramSpec, on_threads: Runs, on_dask: Runs):
    logs = []
    for runs in (on_threads, on_dask):
        run_id = runs.start(spec)
        run_to_end(runs, run_id)
        logs.append(tell(runs.events(run_id)))
    assert logs[0] == logs[1]


def test_times_of_a_log_never_run_backwards(on_dask: Runs):
    run_id = on_dask.start(SPEC)
    run_to_end(on_dask, run_id)
    times = [record.at for record in on_dask.events(run_id)]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_whose_worker_is_killed_goes_on(
    seed: int, cluster: DaskExecutor, on_threads: Runs, on_dask: Runs
):
    """The workers die at some event of the run."""
    spec = replace(SPEC, model=replace(SPEC.model, delay_s=0.3))
    undisturbed = on_threads.start(spec)
    victims = find_workers(cluster)
    run_id = on_dask.start(spec)
    at = random.Random(seed).randrange(5, 30)
    eventually(lambda: len(on_dask.events(run_id)) >= at)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    run = run_to_end(on_dask, run_id, 100)
    assert run.state == "finished", run.error
    run_to_end(on_threads, undisturbed)
    records = on_dask.events(run_id)
    assert sum(isinstance(record.event, ev.RunResumed) for record in records) == 1, at
    assert tell_uninterrupted(records) == tell_uninterrupted(on_threads.events(undisturbed)), at


def test_a_cancel_reaches_a_call_that_hangs(on_dask: Runs):
    """The server would answer in two minutes; the test would time out."""
    with OpenAIServer(default=Answer("late", hang_s=120)) as server:
        run_id = on_dask.start(replace(SPEC, model=http_model(server)))
        server.wait_for_requests()
        assert on_dask.cancel(run_id)
        run = run_to_end(on_dask, run_id, 10)
    assert run.was_cancelled
    assert isinstance(on_dask.events(run_id)[-1].event, ev.RunFinished)


def test_a_person_steps_through_a_run_and_changes_a_hint(on_dask: Runs):
    run_id = on_dask.start(replace(SPEC, N=2), stepwise=True)

    def waits() -> bool:
        run = on_dask.get(run_id)
        return run is not None and run.state == "paused"

    for hints in (None, None):
        eventually(waits)
        assert on_dask.step(run_id, hints)
        eventually(lambda: not waits())
    eventually(waits)
    assert on_dask.go_on(run_id, {"answer": "Mention Rayleigh."})
    run_to_end(on_dask, run_id)
    second = [r.event for r in on_dask.events(run_id) if isinstance(r.event, ev.AttemptStarted)][1]
    assert second.hints == {"answer": "Mention Rayleigh."}


def test_the_key_is_the_workers_own_and_travels_nowhere(cluster: DaskExecutor, on_dask: Runs):
    with OpenAIServer(default=polite) as server:
        run_id = on_dask.start(replace(SPEC, N=1, model=http_model(server)))
        run = run_to_end(on_dask, run_id)
        assert run.timeline.end is not None, run.error
        assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    kept = str(cluster._client.get_events())
    assert "Why is the sky blue?" in kept  # so this is where a key would be
    assert SECRET not in kept


def test_a_key_that_was_typed_is_refused_before_anything_is_kept(on_dask: Runs):
    spec = replace(SPEC, model=ModelSpec("litellm", model="openai/tiny", key_env="OPENAI_API_KEY"))
    before = on_dask.recent()
    with pytest.raises(SpecError, match="set OPENAI_API_KEY in the environment of the workers"):
        on_dask.start(spec, Credentials({"model": "sk-typed"}))
    assert on_dask.recent() == before


def test_a_key_that_the_workers_lack_ends_the_run_so_that_it_can_be_resumed(on_dask: Runs):
    run_id = on_dask.start(
        replace(SPEC, model=ModelSpec("litellm", model="openai/tiny", key_env="NOBODY_HAS_IT"))
    )
    run = run_to_end(on_dask, run_id)
    assert run.resumable
    assert run.error is not None
    assert "NOBODY_HAS_IT" in run.error


def experiment(spec: ProgramSpec, **fields: object) -> Experiment:
    limits = {spec.model.label: RateLimit(4)}
    return Experiment(new_experiment_id(), "measured", 1.0, "rows", 1, (Arm("a", "Refine", spec),), rate_limits=limits, **fields)  # type: ignore[arg-type]  # fmt: skip


def finish_experiment(runs: Runs, one: Experiment, rows: int) -> tuple[str, object, list[object]]:
    """Its state, what it spent, and the rewards of its cells."""
    dataset = make_dataset(rows)
    experiments = Experiments(runs, lambda *_: dataset)
    experiments.start(one)
    experiments.join(one.id, 60)
    snapshot = experiments.get(one.id)
    assert snapshot is not None
    rewards = [outcome.reward for _, outcome in sorted(snapshot.outcomes.items(), key=lambda one: one[0].row)]
    return snapshot.state, snapshot.spent, rewards


def inputs_of(spec: ProgramSpec) -> ProgramSpec:
    """The same on the rows of make_dataset."""
    return replace(spec, stages=(StageSpec("answer", "product -> answer"),), inputs={})


def test_an_experiment_ends_as_on_threads(on_threads: Runs, on_dask: Runs):
    one = experiment(inputs_of(replace(SPEC, reward=SOMETIMES)))
    assert finish_experiment(on_threads, one, 6) == finish_experiment(on_dask, one, 6)


def test_a_budget_of_calls_holds_over_all_workers(on_dask: Runs):
    one = experiment(inputs_of(SPEC), budget=Budget(calls=9))
    state, spent, _ = finish_experiment(on_dask, one, 6)
    assert state == "stopped"
    assert spent is not None
    assert spent.calls == 9  # type: ignore[attr-defined]


def test_more_cells_than_calls_are_under_way_and_no_more_calls_than_allowed(on_dask: Runs):
    """Four calls at once: a fifth cell begins, and its call waits its turn."""
    enough, calls = threading.Event(), []

    def answer(body: object) -> Answer:
        calls.append(body)
        enough.wait(20)
        return Answer(polite)

    with OpenAIServer(default=answer) as server:
        spec = inputs_of(replace(SPEC, N=1, model=http_model(server)))
        experiments = Experiments(on_dask, lambda *_: make_dataset(12))
        one = experiment(spec)
        experiments.start(one)
        try:
            server.wait_for_requests(4)

            def under_way() -> list[Cell]:
                snapshot = experiments.get(one.id)
                return [] if snapshot is None else list(snapshot.under_way)

            begun = eventually(
                lambda: [cell for cell in under_way() if len(on_dask.events(cell.run_id(one.id))) > 1]
            )
            eventually(lambda: len(under_way()) == 5)
            assert len(begun) <= 5
            assert len(calls) == 4
        finally:
            enough.set()
        experiments.join(one.id, 60)
        assert len(server.requests) == 12


def test_a_refusal_slows_the_calls_of_all_workers(on_dask: Runs):
    """After two refusals (429) no run has failed, though their calls are not tried again by themselves."""
    with OpenAIServer(default=polite) as server:
        server.script(status(429, retry_after=0.1), status(429, retry_after=0.1))
        spec = inputs_of(replace(SPEC, N=1, model=http_model(server, retries=0)))
        state, _, rewards = finish_experiment(on_dask, experiment(spec), 4)
    assert (state, rewards) == ("finished", [0.25] * 4)


def test_what_the_scheduler_keeps_of_runs_is_gone_once_the_app_closes(cluster: DaskExecutor):
    other = DaskExecutor(cluster._client.scheduler.address)
    runs = Runs(MemoryStore(), lambda: other)
    run_to_end(runs, runs.start(SPEC))
    assert "Why is the sky blue?" in str(cluster._client.get_events(other._topic))
    runs.close()
    assert "Why is the sky blue?" not in str(cluster._client.get_events(other._topic))


def test_a_run_whose_cluster_on_this_machine_is_killed_is_resumed_on_a_new_one():
    opened: list[DaskExecutor] = []

    def open_it() -> DaskExecutor:
        opened.append(DaskExecutor(workers=1))
        return opened[-1]

    runs = Runs(MemoryStore(), open_it)
    run_id = runs.start(replace(SPEC, N=1, model=replace(SPEC.model, delay_s=1.5)))
    eventually(lambda: any(isinstance(record.event, ev.LMRequested) for record in runs.events(run_id)))
    local = opened[0]._local
    assert local is not None
    local._process.kill()
    run = run_to_end(runs, run_id)
    assert run.error == "Dask on this machine has ended. Resume the run: that starts Dask again."
    runs.resume(run_id)
    run = run_to_end(runs, run_id)
    assert run.state == "finished", run.error
    assert len(opened) == 2
    runs.close()


def test_a_name_that_is_no_executor_is_refused():
    with pytest.raises(ExecutorError, match="write dask, dask:tcp://host:8786"):
        open_executor("ray")


def test_an_app_does_not_begin_with_an_executor_that_there_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REFINESCOPE_EXECUTOR", "tcp://127.0.0.1:8786")
    with pytest.raises(ExecutorError, match="write dask, dask:tcp://host:8786"):
        serve(Serving(port=1, opens_browser=False))


def test_an_address_without_a_port_is_no_address():
    with pytest.raises(ExecutorError, match="is no address of a scheduler; write dask:tcp://host:8786"):
        open_executor("dask:tcp://127.0.0.1")


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path):
    def open_it() -> DaskExecutor:
        return DaskExecutor("tcp://127.0.0.1:1", connect_s=0.2)

    runs = Runs(open_store(tmp_path), open_it)
    with pytest.raises(SpecError, match=r"scheduler at tcp://127\.0\.0\.1:1 does not answer"):
        runs.start(SPEC)
    assert runs.recent() == []
    runs.close()
