"""An app on a store, without its screen: python an_app.py PLACE, a folder or the address of a database; then one command a line on its input.

start        begin a long run of the practice model; prints its id
see          prints "ID STATE" for each run, in the order of ids, then "."
limit BYTES  from now on no file may grow beyond that: "limited"; without BYTES: "unlimited"
trouble ID   waits until that run works no more; prints its state, then what it says about it
cancel ID    prints "cancelled"
finish       a short run, to its end; prints its id and state
"""
# ruff: noqa: T201  # what it prints is what the tests read

import sys
from pathlib import Path

from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import SqlStore, open_store

REWARD = "def reward(inputs, output): return len(output.answer) / 1000"
LONG = ProgramSpec(
    (StageSpec("draft", "question -> answer"), StageSpec("check", "question, answer -> verdict")),
    REWARD,
    {"question": "What is the capital of Belgium?"},
    N=500,
    threshold=None,
    model=ModelSpec(delay_s=0.01),
)
SHORT = ProgramSpec(LONG.stages[:1], REWARD, LONG.inputs, N=2, threshold=None)


def open_place(place: object) -> SqlStore:
    """The store in a folder, or in the database of that address."""
    text = str(place)
    return open_store(database=text) if "://" in text else open_store(Path(text))


def say(*words: object) -> None:
    print(*words, flush=True)


def limit(size_bytes: int | None) -> None:
    import resource  # Windows has none

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size_bytes is None else size_bytes, most))


def main(place: str) -> None:
    runs = Runs(open_place(place))
    say("open")
    for line in sys.stdin:
        match line.split():
            case ["start"]:
                say(runs.start(LONG))
            case ["see"]:
                for row in sorted(runs.recent(1000), key=lambda row: row.run_id):
                    say(row.run_id, row.summary.reason or ("alive" if row.alive else "interrupted"))
                say(".")
            case ["limit", *size]:
                limit(int(size[0]) if size else None)
                say("limited" if size else "unlimited")
            case ["trouble", run_id]:
                runs.join(run_id, 100)
                run = runs.get(run_id)
                assert run is not None
                say(run.state, run.error)
            case ["cancel", run_id]:
                runs.cancel(run_id)
                say("cancelled")
            case ["finish"]:
                runs.join(run_id := runs.start(SHORT), 100)
                run = runs.get(run_id)
                say(run_id, run.state if run else None)
    runs.close()


if __name__ == "__main__":
    main(sys.argv[1])
