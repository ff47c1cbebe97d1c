"""The keys of an experiment: those of each arm, so that no key reaches a model that it was not typed for.

{"a.model": key, "b.judge": key}    for a role of one arm
{"model": key}                      for that role of every arm, where all of them send it to the same place
"""

from __future__ import annotations

from collections.abc import Mapping

from refine_core.errors import Problem, SpecError
from refine_core.experiments.document import Arm, Experiment
from refine_core.runs import Credentials
from refine_core.spec import ModelSpec

ROLES = ("model", "adviser", "judge")


def join_credentials(by_arm: Mapping[str, Credentials]) -> Credentials:
    """The credentials of an experiment, out of those of its arms by their keys."""
    keys = {f"{arm}.{role}": key for arm, own in by_arm.items() for role, key in own.keys.items()}
    agreed = frozenset(text for own in by_arm.values() for text in own.agreed)
    return Credentials(keys, agreed)


def split_credentials(experiment: Experiment, credentials: Credentials | None) -> dict[str, Credentials]:
    """Key of an arm -> its credentials. Raises SpecError for a key that would go to several places."""
    given = credentials or Credentials()
    for role in ROLES:
        places = {_key_target(model) for arm in experiment.arms if (model := _model(arm, role)) is not None}
        if role in given.keys and len(places) > 1:
            message = f"the arms ask different models as their {role}; give each arm its own key"
            raise SpecError([Problem(f"{role}.key", message)])
    return {arm.key: Credentials(_keys(arm, given.keys), given.agreed) for arm in experiment.arms}


def _keys(arm: Arm, keys: Mapping[str, str]) -> dict[str, str]:
    named = {role: keys.get(f"{arm.key}.{role}", keys.get(role)) for role in ROLES}
    return {role: key for role, key in named.items() if key is not None}


def _model(arm: Arm, role: str) -> ModelSpec | None:
    """The model of that role, if it is one that takes a key."""
    model = arm.spec.models.get(role)
    return model if model is not None and model.kind == "litellm" else None


def _key_target(model: ModelSpec) -> tuple[str, str]:
    """Where its key is sent."""
    return model.provider or model.model.partition("/")[0], model.api_base or ""
