"""Whatever a person does in between, an experiment ends with the same cells, each with one outcome."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.experiments import Experiments
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment

LONG_S = 60.0
STEPS = st.lists(st.sampled_from(["pause", "cancel", "go on", "go on twice", "close"]), max_size=5)


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_any_pauses_cancels_and_ends_of_the_app_lead_to_one_outcome_a_cell(steps):
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(open_store(Path(folder)))
        experiments = Experiments(runs)
        experiment = make_experiment(keep_rows(runs.store, 3), REFINED, SINGLE, at_once=3)
        experiments.start(experiment)
        before = {}
        for step in steps:
            if step == "close":
                experiments.cancel(experiment.id)
                experiments.join(experiment.id, LONG_S)
                runs.close()
                runs = Runs(open_store(Path(folder)))
                experiments = Experiments(runs)
            elif step in ("pause", "cancel"):
                getattr(experiments, step)(experiment.id)
            else:
                experiments.resume(experiment.id)
                if step == "go on twice":
                    experiments.resume(experiment.id)
            now = experiments.get(experiment.id).outcomes
            assert before.items() <= now.items(), "what has ended stays as it is"
            before = now
        experiments.join(experiment.id, LONG_S)
        experiments.resume(experiment.id)
        experiments.join(experiment.id, LONG_S)
        whole = experiments.get(experiment.id)
        assert (whole.state, set(whole.outcomes)) == ("finished", set(whole.cells))
        assert len(runs.store.cell_runs(experiment.id)) == len(whole.cells) == 6
        assert len(runs.store.outcomes(experiment.id)[1]) == 6
        runs.close()
