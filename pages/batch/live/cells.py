"""The cells of an experiment's grid, for the browser: it asks for them when there is more, so that no message of the page carries 10,000.

GET lib/batch/cells?experiment=ID --> {"rows", "repeats", "low", "high", "arms": [{"states", "rewards"}]}
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.shared.web import under_base_path
from refine_core import experiments
from refine_core.errors import SpecError, StoreError
from refine_core.experiments import Snapshot, build_grid

URL: Final = "lib/batch/cells"
_DIGITS: Final = 6  # of a reward, as the browser writes fewer


def cells_url(experiment_id: str) -> str:
    """Where the browser finds them, relative to the page."""
    return f"{URL}?{urlencode({'experiment': experiment_id})}"


def write_cells(snapshot: Snapshot) -> str:
    """The grid as JSON. states: as refine_core.experiments.progress.GridArm. rewards: those of the scored cells alone, in order."""
    grid = build_grid(snapshot)
    arms = [
        {
            "states": arm.states,
            "rewards": [round(reward, _DIGITS) for reward in arm.rewards if reward is not None],
        }
        for arm in grid.arms
    ]
    return json.dumps(
        {"rows": grid.rows, "repeats": grid.repeats, "low": grid.low, "high": grid.high, "arms": arms},
        separators=(",", ":"),
    )


def _read(experiment_id: str) -> str | None:
    snapshot = experiments.get(experiment_id)
    return None if snapshot is None else write_cells(snapshot)


async def _serve(request: Request) -> Response:
    try:
        text = await run_in_threadpool(_read, request.query_params.get("experiment", ""))
    except (StoreError, SpecError) as error:
        return PlainTextResponse(str(error), 503)
    if text is None:
        return PlainTextResponse("There is no such experiment.", 404)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


ROUTES: Final[tuple[BaseRoute, ...]] = under_base_path(URL, lambda path: Route(path, _serve))
