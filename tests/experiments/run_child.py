"""An experiment in a process of its own, to be killed: python run_child.py HOME ID, with the experiment's document in the store."""

import sys
from pathlib import Path

from refine_core.experiments import Experiments
from refine_core.runs import Credentials, Runs
from refine_core.store import open_store
from tests.experiments.engine_parts import KEYS

if __name__ == "__main__":
    experiments = Experiments(Runs(open_store(Path(sys.argv[1]))))
    experiments.resume(sys.argv[2], Credentials(KEYS))
    experiments.join(sys.argv[2], 120)
