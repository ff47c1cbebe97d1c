"""Plays a script of tests/parity with dspy as it is, recorder and oracle side by side. Run by dspy's own Python.

The oracle is dspy's source with notes added: what it tried, scored, advised, hinted, failed at and chose. The recorder sees what
callbacks tell. Both are sent back, for the test to compare.

python -m tests.interop.watched     serves {"script": …} -> {"notes": one list a call, "logs": one list of events a run}
"""

from __future__ import annotations

import inspect
import textwrap
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from refine_core.interop.dspy_recording.recorder import DspyRecorder
from refine_core.jsonable import to_jsonable
from refine_core.log.codec import encode
from refine_core.store import MemoryStore
from tests.parity.edits import BEST_OF_N, REFINE, Edit, apply_edits
from tests.parity.play import Play
from tests.parity.running import act, serve
from tests.parity.theirs import Theirs

NOTES: list[dict[str, Any]] = []
"""What the oracle noted during the outermost call of a refiner."""
DEPTH = [0]


def note(what: str, **facts: Any) -> None:
    """Note something of the outermost refinement; one inside its attempts is no run of its own."""
    if DEPTH[0] == 1:
        NOTES.append(
            {"what": what, "calls": len(CALLS), **{name: to_jsonable(value) for name, value in facts.items()}}
        )


def fields(outputs: Any) -> Any:
    """What the program returned, by field."""
    try:
        return dict(outputs)
    except (TypeError, ValueError):
        return {type(outputs).__name__: outputs}


def hints(module: Any, advice: Any, by_signature: Mapping[Any, str]) -> dict[str, str]:
    """Predictor -> the hint that dspy will show it."""
    if not advice:
        return {}
    return {
        name: str(advice.get(by_signature[one.signature], "N/A")) for name, one in module.named_predictors()
    }


class WatchedDspy(Theirs):
    """dspy, with each call of a refiner counted, so that the notes of nested ones are left out."""

    def lm(self, play: Play, name: str, temperature: float | str | None) -> Any:
        made = super().lm(play, name, temperature)
        forward = type(made).forward

        class Noting(type(made)):  # type: ignore[misc]
            def forward(self, prompt=None, messages=None, **kwargs):
                sent = {"messages": messages, "temperature": {**self.kwargs, **kwargs}.get("temperature")}
                try:
                    response = forward(self, prompt=prompt, messages=messages, **kwargs)
                except Exception as error:
                    CALLS.append({**sent, "error": f"{type(error).__name__}: {error}"})
                    raise
                CALLS.append({**sent, "text": response.choices[0].message.content})
                return response

        noting = Noting.__new__(Noting)
        noting.__dict__.update(made.__dict__)
        if "/" not in noting.model:
            noting.model = f"custom/{noting.model}"  # dspy 3 wants a provider
        return noting


CALLS: list[dict[str, Any]] = []
"""Every request to a model, in order."""


def edits(where: str) -> list[Edit]:
    """The notes, added to `forward`. The words that they go by are in both versions of dspy."""
    refine = where == REFINE
    outputs = "outputs" if refine else "pred"
    made = [
        Edit(
            where,
            "            mod.set_lm(lm_)\n",
            "            mod.set_lm(lm_)\n            ORACLE.note('attempt', index=idx, temperature=lm_.kwargs['temperature'], hints=ORACLE.hints(mod, advice if 'advice' in locals() else None, {p.signature: n for n, p in mod.named_predictors()}))\n",
        ),
        Edit(
            where,
            f"reward = self.reward_fn(kwargs, {outputs})\n",
            f"ORACLE.note('outputs', outputs=ORACLE.fields({outputs}))\n                    reward = self.reward_fn(kwargs, {outputs})\n                    ORACLE.note('reward', value=reward)\n",
        ),
        Edit(
            where,
            "            except Exception as e:\n",
            "            except Exception as e:\n                ORACLE.note('failed', index=idx, error=f'{type(e).__name__}: {e}')\n",
        ),
        Edit(
            where,
            "        return best_pred",
            "        ORACLE.note('chosen', outputs=best_pred if best_pred is None else ORACLE.fields(best_pred))\n        return best_pred",
        ),
    ]
    if refine:
        made.append(
            Edit(
                where,
                "                advice = dspy.Predict(OfferFeedback)(**advise_kwargs).advice\n",
                "                ORACLE.note('asks')\n                advice = dspy.Predict(OfferFeedback)(**advise_kwargs).advice\n                ORACLE.note('advice', advice=advice)\n",
            )
        )
    return made


def plant(where: str, name: str) -> None:
    """Put a noting `forward` in place of the one of dspy's class."""
    import sys

    module = import_module(where)
    cls = getattr(module, name)
    body = textwrap.dedent(
        apply_edits(textwrap.indent(textwrap.dedent(inspect.getsource(cls.forward)), "    "), edits(where))
    )
    space = {**module.__dict__, "ORACLE": sys.modules[__name__]}
    exec(compile(body, f"<{where}, noting>", "exec"), space)
    noted = space["forward"]

    def forward(self, **kwargs):
        DEPTH[0] += 1
        note("begin")
        try:
            return noted(self, **kwargs)
        except Exception as error:
            note("raised", error=f"{type(error).__name__}: {error}")
            raise
        finally:
            DEPTH[0] -= 1

    cls.forward = forward


class Unmodified:
    """What `Theirs` is made of: dspy's own classes, whose `forward` notes."""

    def __init__(self) -> None:
        self.Refine, self.BestOfN = dspy.Refine, dspy.BestOfN


def main() -> None:
    """Serve scripts."""
    warnings.simplefilter("ignore")
    import logging

    logging.disable(logging.CRITICAL)
    dspy.disable_logging()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    import sys

    sys.modules["tests.interop.watched"] = sys.modules[__name__]
    plant(REFINE, "Refine")
    plant(BEST_OF_N, "BestOfN")
    store = MemoryStore()
    recorder = DspyRecorder(open=lambda: store)
    dspy.configure(callbacks=[recorder])  # and no block, which threads of a program's own would not see
    library = WatchedDspy(Unmodified())  # type: ignore[arg-type]
    seen: set[str] = set()

    def run(job: Mapping[str, Any]) -> Any:
        del NOTES[:], CALLS[:]
        outcomes = act(library, job["script"])
        assert recorder.flush(60)
        rows = [row for row in reversed(store.rows(limit=20)) if row.run_id not in seen]
        seen.update(row.run_id for row in rows)
        return {
            "outcomes": outcomes,
            "notes": list(NOTES),
            "calls": [{**one, "messages": to_jsonable(one["messages"])} for one in CALLS],
            "logs": [
                [[record.span.path, *encode(record.event)] for record in store.events(row.run_id)]
                for row in sorted(rows, key=lambda row: row.summary.started_at)
            ],
            "logged": recorder._logged,
        }

    serve(run)


if __name__ == "__main__":
    main()
