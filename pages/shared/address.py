"""Where things are: the pages, and what the address holds (which run is shown, and which of its attempts)."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.query import read_whole
from pages.shared.run import timeline_choice
from refine_core.programs import EXAMPLES, ProgramSpec
from refine_core.runs import TABS, Tab

# The pages, as links name them: from the entry script's folder.
LAB: Final = "../lab/page.py"
PROGRAM: Final = "../program/page.py"
RUNS: Final = "../runs/page.py"
RUN: Final = "../run/page.py"
PLAY: Final = "../play/page.py"
PRESENT: Final = "../present/page.py"
COMPARE: Final = "../compare/page.py"
HINT_TEST: Final = "../hint_test/page.py"
MODELS: Final = "../models/page.py"
REWARDS: Final = "../rewards/page.py"
BATCH: Final = "../batch/page.py"
LEARN: Final = "../learn/page.py"
TEACH: Final = "../teach/page.py"
GUESS: Final = "../guess/page.py"
REWARD: Final = "reward"  # the place of the reward in the Lab
USE_CONNECTION: Final = (
    "lab.use_connection"  # where the Models page puts the connection that the Lab is to use
)
_CHANGED: Final = "lab.changed"
_STARTED: Final = "started-run"
_SHOWN: Final = "shown-run"
_CHANGE: Final = "change"
_MODE: Final = "mode"
_CLASS: Final = "class"
_CALLER, _SEARCH, _HIT, _GUESS = "caller", "find", "place", "guess"
_CALLER_CHARACTERS: Final = 200
WHAT_IF: Final = "what-if"
_FORK: Final = "fork"
_EXPERIMENT, _PAIR, _RESULT = "experiment", "pair", "result"
_OF_RUN, _OPEN_REWARD = "of", "reward"
RUNS_AT_ONCE: Final = 50  # on the Rewards page, as the address names each of them


def run_id() -> str | None:
    """The run that the address names, or None."""
    return st.query_params.get("run") or None


def hint_test_id() -> str | None:
    """The hint test that the address names, or None."""
    return st.query_params.get("test") or None


def hint_test_query(test_id: str) -> dict[str, str]:
    """The query of the address of a hint test."""
    return {"test": test_id}


def experiment_id() -> str | None:
    """The experiment, or the draft of one, that the address names, or None."""
    return st.query_params.get(_EXPERIMENT) or None


def experiment_query(experiment_id: str, *pair: str, what_if: bool = False) -> dict[str, str]:
    """The query of the address of an experiment. pair: keys of two of its arms, whose difference is looked at. what_if: under another reward or threshold."""
    query = {_EXPERIMENT: experiment_id}
    if pair:
        query[_PAIR] = ".".join(pair)
    return query | ({_MODE: WHAT_IF} if what_if else {})


def show_experiment(experiment_id: str) -> None:
    """Have the address name this experiment."""
    if st.query_params.get(_EXPERIMENT) != experiment_id:
        st.query_params[_EXPERIMENT] = experiment_id


def asks_result() -> bool:
    """Whether the address asks for the result of an experiment that has not come to its end."""
    return st.query_params.get(_RESULT) == "1"


def show_result(*, on: bool) -> None:
    """Have the address ask for it, or for progress again."""
    if on:
        st.query_params[_RESULT] = "1"
    elif _RESULT in st.query_params:
        del st.query_params[_RESULT]


def pair() -> tuple[str, str] | None:
    """The keys of the two arms whose difference is looked at; None where the address names none. Anybody can type it."""
    first, _, second = st.query_params.get(_PAIR, "").partition(".")
    return (first, second) if first and second and first != second else None


def show_pair(first: str, second: str) -> None:
    """Have the address name these two arms, the one that the difference is of first."""
    st.query_params[_PAIR] = f"{first}.{second}"


def lab_run_id() -> str | None:
    """The run that the Lab shows: the address's, else the one it showed last, which goes back into the address."""
    named = run_id() or st.session_state.get(_SHOWN)
    if named:
        st.session_state[_SHOWN] = named
        if run_id() is None:
            st.query_params["run"] = named
    return named


def change_query(run_id: str) -> dict[str, str]:
    """The query of an address in the Lab at which that run's description fills the form, whatever stood there."""
    return {"run": run_id, _CHANGE: "1"}


def take_change() -> bool:
    """Whether the address asks for the run's description in the form. It asks once: what is typed then stays."""
    return st.query_params.pop(_CHANGE, None) is not None


def bring_change(run_id: str, spec: ProgramSpec) -> None:
    """Have the Lab, once it is opened by `change_query`, fill its form with this description in place of the run's own."""
    st.session_state[_CHANGED] = (run_id, spec)


def take_brought(run_id: str) -> ProgramSpec | None:
    """What `bring_change` left for this run, once; None for nothing."""
    brought: tuple[str, ProgramSpec] | None = st.session_state.pop(_CHANGED, None)
    return brought[1] if brought is not None and brought[0] == run_id else None


def what_if_query(run_id: str) -> dict[str, str]:
    """The query of an address at which a run is looked at under What if."""
    return {"run": run_id, _MODE: WHAT_IF}


def asks_what_if() -> bool:
    """Whether a run is looked at under What if, and not as it was recorded."""
    return st.query_params.get(_MODE) == WHAT_IF


def show_what_if(*, on: bool) -> None:
    """Have the address say whether a run is looked at under What if."""
    if on:
        st.query_params[_MODE] = WHAT_IF
    else:
        st.query_params.pop(_MODE, None)


def fork_query(run_id: str, attempt: int) -> dict[str, str]:
    """The query of an address at which the dialog Fork is open at this attempt of a run, from 1."""
    return {"run": run_id, "attempt": str(attempt), _FORK: str(attempt)}


def fork_attempt() -> int | None:
    """The attempt, from 1, that is the first new one in the dialog Fork; None while the dialog is closed."""
    return read_whole(_FORK)


def show_fork(attempt: int | None) -> None:
    """Have the address say that the dialog Fork is open at this attempt, from 1; None: that it is closed."""
    if attempt is None:
        st.query_params.pop(_FORK, None)
    elif fork_attempt() != attempt:
        st.query_params[_FORK] = str(attempt)


def rewards_query(*run_ids: str) -> dict[str, str | list[str]]:
    """The query of an address of the Rewards page at which the attempts of these runs, and the first one's reward, are opened.

    The threshold of a what-if goes along.
    """
    threshold = st.query_params.get("threshold") if asks_what_if() else None
    named: dict[str, str | list[str]] = {_OF_RUN: run_ids[0] if len(run_ids) == 1 else list(run_ids)}
    return named | ({} if threshold is None else {"threshold": threshold})


def take_runs() -> list[str]:
    """The runs whose attempts the address asks for, with the first one's reward. It asks once: what is typed then stays."""
    named = list(dict.fromkeys(one for one in st.query_params.get_all(_OF_RUN) if one))
    st.query_params.pop(_OF_RUN, None)
    return named[:RUNS_AT_ONCE]


def reward_query(name: str) -> dict[str, str]:
    """The query of an address of the Rewards page at which this saved reward is opened."""
    return {_OPEN_REWARD: name}


def take_reward() -> str | None:
    """The saved reward that the address asks for, once."""
    return st.query_params.pop(_OPEN_REWARD, None)


def show_run(run_id: str) -> None:
    """Have the address name this run, which was just started, and no attempt."""
    st.session_state[_STARTED] = run_id
    _forget_look()
    st.query_params["run"] = run_id


def just_started(run_id: str) -> bool:
    """Whether this session started that run last; a reload forgets it."""
    return bool(st.session_state.get(_STARTED) == run_id)


def draft() -> str:
    """The draft that the address names, or ""."""
    return st.query_params.get("draft", "")


def name_draft(draft_id: str) -> None:
    """Have the address name this draft, so that a reload finds it."""
    if draft() != draft_id:
        st.query_params["draft"] = draft_id


def example() -> str:
    """The worked example that the address names, or ""."""
    key = st.query_params.get("example", "")
    return key if key in EXAMPLES else ""


def leave_run() -> None:
    """Have the address name no run."""
    st.session_state.pop(_SHOWN, None)
    clear_run()


def clear_run() -> None:
    """The same, on another page than the Lab, which keeps the run that it shows."""
    _forget_look()
    st.query_params.pop("run", None)


def _forget_look() -> None:
    """Have the address say nothing of how a run is looked at; the tab stays open."""
    for name in ("attempt", _CALLER, _SEARCH, _HIT):
        st.query_params.pop(name, None)
    timeline_choice.clear_choices()


def attempt() -> int | None:
    """The index of the attempt that the address names (it counts from 1), or None."""
    return _index("attempt")


def tab() -> Tab | None:
    """The tab of the attempt's detail that the address names, or None."""
    named = st.query_params.get("tab", "")
    return next((one for one in TABS if one == named), None)


def show_tab(tab: Tab) -> None:
    """Have the address name this tab, which stays open when another attempt is selected."""
    st.query_params["tab"] = tab


def caller() -> str:
    """Whose prompts are looked at, of those who asked in an attempt; "" where the address does not say."""
    return st.query_params.get(_CALLER, "")


def show_caller(key: str) -> None:
    """Have the address say whose prompts are looked at; they are shown of another attempt, too."""
    st.query_params[_CALLER] = key[:_CALLER_CHARACTERS]


def search() -> str:
    """What is searched for in the messages of a run; "" where the address says nothing."""
    return st.query_params.get(_SEARCH, "")


def show_search(text: str) -> None:
    """Have the address say what is searched for in a run, and that no place of it was chosen yet; "" for nothing."""
    st.query_params.pop(_HIT, None)
    if text:
        st.query_params[_SEARCH] = text
    else:
        st.query_params.pop(_SEARCH, None)


def hit() -> int | None:
    """The index of the place that was chosen of those which the search found (the address counts from 1), or None."""
    return _index(_HIT)


def show_hit(index: int) -> None:
    """Have the address name this place of those which the search found."""
    st.query_params[_HIT] = str(index + 1)


def guesses_first() -> bool:
    """Whether the address asks for a guess before each reward of a played run."""
    return st.query_params.get(_GUESS) == "1"


def show_guessing(*, on: bool) -> None:
    """Have the address say whether each reward of a played run waits for a guess."""
    if on:
        st.query_params[_GUESS] = "1"
    else:
        st.query_params.pop(_GUESS, None)


def step() -> int | None:
    """The index of the step of a played run that the address names (it counts from 1), or None."""
    return _index("step")


def show_step(index: int) -> None:
    """Have the address name this step, and no attempt: what happens there is what is looked at."""
    st.query_params["step"] = str(index + 1)
    st.query_params.pop("attempt", None)


def step_query(run_id: str, index: int) -> dict[str, str]:
    """The query of an address at which a run is played from this step on, with guesses where this address asks for them."""
    return {"run": run_id, "step": str(index + 1), **({_GUESS: "1"} if guesses_first() else {})}


def _index(name: str) -> int | None:
    """What the address counts from 1, as an index; None for what is no such number."""
    number = read_whole(name)
    return None if number is None else number - 1


def show_attempt(index: int) -> None:
    """Have the address name this attempt."""
    st.query_params["attempt"] = str(index + 1)


def class_code() -> str | None:
    """The class that the address names, as it was typed, or None."""
    return st.query_params.get(_CLASS) or None


def class_query(code: str) -> dict[str, str]:
    """The query of the address of a class."""
    return {_CLASS: code}
