"""What a branch keeps, what it costs and what stands in the way: the lines of the dialog Fork that are not fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter

import streamlit as st

from pages.run.fork.fields import describe_changes
from pages.run.fork.form import ForkForm
from pages.shared.credentials import collect_credentials
from pages.shared.isolation import why_code_is_refused
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import LMError, RewardError, SpecError, StoreError, WorkerError
from refine_core.formatting import format_temperature, join_words, pluralize
from refine_core.programs import ProgramSpec, Schedule
from refine_core.runs import ForkPlan


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known before a branch starts. plan: None where there is none. problems: why it cannot start, in sentences."""

    plan: ForkPlan | None
    problems: tuple[str, ...] = ()


def make_outlook(form: ForkForm) -> Outlook:
    """Plan the branch. No model is asked; a changed reward scores the attempts that are kept, once for each text."""
    if problems := form.problems():
        return Outlook(None, tuple(problems))
    changes = form.changes()
    if "reward" in changes and (refused := why_code_is_refused()):
        return Outlook(None, (refused,))
    asks = may_ask_judge(form)
    key = (
        form.run.run_id,
        form.timeline.seq,
        form.first,
        asks,
        repr(sorted(changes.items(), key=itemgetter(0))),
    )
    known = st.session_state.get("fork.outlook")
    if isinstance(known, tuple) and known[0] == key:
        outlook: Outlook = known[1]
        return outlook
    outlook = _plan(form, changes, ask_judge=asks)
    st.session_state["fork.outlook"] = (key, outlook)
    return outlook


def may_ask_judge(form: ForkForm) -> bool:
    """Whether a person has allowed requests to the judge, for the reward as it is typed."""
    return bool(st.session_state.get(_judge_key(form)) == form.reward())


def _judge_key(form: ForkForm) -> str:
    return form.key("judge:allowed")


def _plan(form: ForkForm, changes: dict[str, object], *, ask_judge: bool) -> Outlook:
    keys = collect_credentials(form.timeline.spec) if ask_judge else None
    try:
        plan = runs.plan_fork(
            form.run.run_id,
            form.first,
            ask_judge=ask_judge,
            credentials=keys,
            **changes,  # type: ignore[arg-type]  # the form makes them
        )
    except SpecError as error:
        return Outlook(None, tuple(_sentence(one.message) for one in error.problems))
    except (RewardError, WorkerError, LMError, StoreError) as error:
        return Outlook(None, (_sentence(str(error)),))
    return Outlook(plan, tuple(_sentence(one.message) for one in plan.problems))


def describe_for_lab(plan: ForkPlan) -> ProgramSpec:
    """The branch as a run from attempt 1, which the Lab's form can hold: changed temperatures become a list."""
    changed = plan.spec.schedule.temperatures
    schedule = Schedule("list", changed) if changed else plan.spec.schedule
    return replace(plan.spec, fork_attempt=None, starting_hints={}, change="", schedule=schedule)


def draw_outlook(form: ForkForm, outlook: Outlook) -> None:
    """What will happen, and what it takes at most; or why it cannot."""
    plan = outlook.plan
    if plan is not None and plan.reason:
        st.warning(escape_markdown(plan.reason), icon=":material/alt_route:")
    for problem in outlook.problems:
        show_error(problem)
    if plan is not None and plan.judge_calls:
        _offer_judge(form, plan.judge_calls)
    if plan is None:
        return
    changed = form.changed()
    if not changed:
        st.caption("Nothing is changed yet. As it is, the branch makes the same attempts once more.")
    elif len(changed) > 1:
        st.caption(
            escape_markdown(
                f"Changed: {describe_changes(form)}. With one change alone, you would know what made the difference."
            )
        )
    if not outlook.problems and plan.attempts_at_most:
        what, _, cost = plan.text.partition(": ")
        model = plan.spec.model.label
        cost = (
            f": **{escape_markdown(cost)}** ({escape_markdown(model)})" if plan.calls_at_most else f": {cost}"
        )
        st.info(f"{escape_markdown(what)}{cost}.")


def _offer_judge(form: ForkForm, calls: int) -> None:
    """The reward asks a model: what scoring the kept attempts again would take, and a press that allows it."""

    def allow() -> None:
        st.session_state[_judge_key(form)] = form.reward()

    st.caption("The reward asks a judge, so the kept attempts are not scored again yet.")
    st.button(f"Ask the judge: at most {pluralize(calls, 'call')}", key="fork.judge", on_click=allow)


def suggest_name(form: ForkForm, plan: ForkPlan | None) -> str:
    """What a branch is called unless a person says something else: "hint for extract at 3".

    plan: says where it begins, which may be before the attempt that was chosen; without one, it begins there.
    """
    changed = form.changed()
    first = form.first if plan is None else plan.first_new
    if not changed:
        return f"again from {first}"
    temperature = form.temperature()
    words = {
        "hint": f"hint for {join_words(form.hinted())} at {form.first}",
        "temperature": f"T {format_temperature(temperature)} at {form.first}"
        if isinstance(temperature, float)
        else "",
        "reward": f"other reward from {first}",
        "threshold": f"{_name_threshold(form.threshold())} from {first}",
        "model": f"other model from {first}",
        "n": f"N {form.max_attempts()}",
    }
    return ", ".join(words[name] for name in changed)


def _name_threshold(threshold: float | str | None) -> str:
    return (
        f"threshold {threshold:g}"
        if isinstance(threshold, float)
        else "no threshold"
        if threshold is None
        else "threshold"
    )


def _sentence(text: str) -> str:
    words = text.strip().removesuffix(".")
    return f"{words[:1].upper()}{words[1:]}." if words else ""
