"""What was typed in the dialog Fork, kept in the store: one draft a run, so that a reload or a closed tab loses nothing.

ForkForm.open(run)       what was typed last time, or as recorded
form.get / form.set      a field by its name; what is as recorded is not kept
form.changes()           what `runs.plan_fork` and `runs.fork` take
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import streamlit as st

from pages.run.model_choice import AS_RECORDED, read_model
from pages.shared.query import parse_whole
from refine_core import programs, runs
from refine_core.errors import StoreError
from refine_core.hints import is_hint
from refine_core.programs import ModelSpec
from refine_core.runs import Run, Timeline

KIND: Final = "fork draft"
MAX_TEMPERATURE: Final = 2.0


@dataclass(slots=True)
class ForkForm:
    """The fields of one run's dialog. typed: name -> what was typed. saved: what of it is in the store.

    made: the branch that was started from it last, and when, on the monotonic clock. shown: the attempt that the address named when it
    was drawn last, from 1.
    """

    run: Run
    typed: dict[str, object] = field(default_factory=dict)
    saved: dict[str, object] = field(default_factory=dict)
    made: tuple[str, float] | None = None
    shown: int | None = None

    @classmethod
    def open(cls, run: Run) -> ForkForm:
        """That of this session, else of the store."""
        key = f"fork.form.{run.run_id}"
        form = st.session_state.get(key)
        if not isinstance(form, cls):
            form = st.session_state[key] = cls(run)
            try:
                draft = programs.read_draft(run.run_id, kind=KIND)
            except StoreError:
                draft = None
            form.typed = dict(draft.fields) if draft is not None else {}
            form.saved = dict(form.typed)
        form.run = run
        return form

    @property
    def timeline(self) -> Timeline:
        """The run's."""
        return self.run.timeline

    @property
    def first(self) -> int:
        """The first attempt of its own that the branch makes; attempts count from 1."""
        last = len(self.timeline.attempts) + 1
        first = self.typed.get("first")
        return min(max(first, 1), last) if isinstance(first, int) else last - 1 if last > 1 else 1

    def key(self, name: str) -> str:
        """The key of a field's widget."""
        return f"fork.{self.run.run_id}.{name}"

    def get(self, name: str, default: str) -> str:
        """What was typed, or what stands there first."""
        value = self.typed.get(name, default)
        return value if isinstance(value, str) else default

    def set(self, name: str, value: object, default: object) -> None:
        """Take what a field holds now. What is as recorded is not kept."""
        if value == default:
            self.typed.pop(name, None)
        else:
            self.typed[name] = value

    def save(self) -> str:
        """Keep it in the store, where it has changed; why it could not be kept, or ""."""
        fields = programs.draft_fields(self.typed)
        if fields == self.saved:
            return ""
        try:
            programs.save_draft(self.run.run_id, fields, kind=KIND)
            programs.drop_old_drafts(kind=KIND)
        except StoreError as error:
            return str(error)
        self.saved = fields
        return ""

    def clear(self) -> None:
        """Take back all that was typed but where the branch begins. To be called in a callback."""
        self.typed = {name: value for name, value in self.typed.items() if name == "first"}
        prefix = self.key("")
        for key in [key for key in st.session_state if isinstance(key, str) and key.startswith(prefix)]:
            if ":" not in key:
                del st.session_state[key]

    def predictors(self) -> tuple[str, ...]:
        """The names of the predictors that a hint can reach."""
        return self.timeline.predictors or tuple(stage.name for stage in self.timeline.spec.stages)

    def hinted(self) -> list[str]:
        """The stages whose hint was edited, as a person calls them."""
        return [name_stage(name) for name in self.hints()]

    def recorded_hint(self, predictor: str) -> str:
        """The hint that this predictor had at the first new attempt; "" for none."""
        attempts = self.timeline.attempts
        hints: Mapping[str, str] = (
            attempts[self.first - 1].hints
            if self.first <= len(attempts)
            else runs.coming_hints(self.timeline)
        )
        hint = hints.get(predictor)
        return hint if hint is not None and is_hint(hint) else ""

    def writer(self, predictor: str) -> Literal["adviser", "person", "reward"]:
        """Who wrote the recorded hint: on a branch a person may have, and with hints from the feedback the reward has."""
        attempts = self.timeline.attempts[self.first - 1 : self.first]
        if any(predictor in one.edited_hints for one in attempts):
            return "person"
        return "adviser" if self.timeline.spec.hint_source == "adviser" else "reward"

    def hint(self, predictor: str) -> str:
        """The hint as it is typed."""
        return self.get(f"hint.{self.first}.{predictor}", self.recorded_hint(predictor))

    def recorded_temperature(self) -> float | None:
        """That of the first new attempt; None where the model takes none, or the schedule ends before."""
        temperatures = self.timeline.temperatures
        if self.timeline.uses_rollouts or self.first > len(temperatures):
            return None
        return temperatures[self.first - 1]

    def temperature(self) -> float | str | None:
        """As it is typed: a number, the text that is none, or None for as recorded."""
        text = self.get(f"temperature.{self.first}", "").strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            return text
        return value if 0 <= value <= MAX_TEMPERATURE else text

    def threshold(self) -> float | str | None:
        """As it is typed: a number, the text that is none, or None for no threshold."""
        old = self.timeline.spec.threshold
        text = self.get("threshold", "" if old is None else programs.write_number(old)).strip()
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            return text

    def max_attempts(self) -> int:
        """The number of attempts in all, those that are kept included."""
        return parse_whole(self.get("n", "")) or self.timeline.spec.attempt_count

    def reward(self) -> str:
        """Its source as it is typed."""
        return self.get("reward", self.timeline.spec.reward)

    def model(self, role: str) -> ModelSpec | None:
        """The model that was chosen for this role; None for as recorded, or where the connection is gone."""
        return read_model(self.get(role, AS_RECORDED))

    def hints(self) -> dict[str, str]:
        """Predictor -> hint, of those that were edited."""
        return {
            name: self.hint(name) for name in self.predictors() if self.hint(name) != self.recorded_hint(name)
        }

    def changed(self) -> tuple[str, ...]:
        """What is changed, by the names of the choice "Change"."""
        spec = self.timeline.spec
        temperature = self.temperature()
        return tuple(
            name
            for name, is_changed in {
                "hint": bool(self.hints()),
                "temperature": temperature is not None and temperature != self.recorded_temperature(),
                "reward": self.reward() != spec.reward,
                "threshold": self.threshold() != spec.threshold,
                "model": self.model("model") is not None or self.model("adviser") is not None,
                "n": self.max_attempts() != spec.attempt_count,
            }.items()
            if is_changed
        )

    def problems(self) -> list[str]:
        """What is typed and cannot be, in sentences."""
        found = []
        if isinstance(self.temperature(), str):
            found.append(f"The temperature must be a number from 0 to {MAX_TEMPERATURE:g}.")
        if isinstance(self.threshold(), str):
            found.append("The threshold must be a number, or empty for none.")
        return found

    def changes(self) -> dict[str, object]:
        """The arguments of `runs.plan_fork`, without what is as recorded. Only where there are no problems."""
        changed = self.changed()
        every: dict[str, object] = {}
        if "hint" in changed:
            every["hints"] = self.hints()
        if "temperature" in changed:
            every["temperature"] = cast("float", self.temperature())
        if "reward" in changed:
            every["reward"] = self.reward()
        if "threshold" in changed:
            every["threshold"] = self.threshold()
        if "n" in changed:
            every["n"] = self.max_attempts()
        every |= {role: model for role in ("model", "adviser") if (model := self.model(role)) is not None}
        return every


def name_stage(predictor: str) -> str:
    """What a person calls a predictor: its stage. Chain of thought adds ".predict" to the name."""
    return predictor.removesuffix(".predict")
