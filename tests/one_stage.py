"""A program of one stage, "question -> answer", asked of a server of the tests."""

from __future__ import annotations

from refine_core import ModelSpec, ProgramSpec, StageSpec
from refine_core.log.timeline import Timeline
from refine_core.runs import Credentials, Runs
from tests.openai_server import Answer, OpenAIServer
from tests.threads import run_to_end


def one_stage(
    server: OpenAIServer, reward: str, *, question: str = "?", cache: bool = True, **fields
) -> ProgramSpec:
    """The description of a run. fields: further ones of ProgramSpec."""
    model = ModelSpec("litellm", "openai/tiny", api_base=server.url, cache=cache)
    stage = StageSpec("answer", "question -> answer")
    return ProgramSpec((stage,), reward, {"question": question}, **{"model": model, **fields})


def run_one_stage(
    runs: Runs, replies: list[str | Answer], reward: str, **fields
) -> tuple[Timeline, OpenAIServer]:
    """A run of one attempt to its end, streamed as in the app, and the server that it asked; the last reply is repeated."""
    with OpenAIServer(default=replies[-1]) as server:
        server.script(*replies[:-1])
        spec = one_stage(server, reward, **{"N": 1, **fields})
        run = run_to_end(runs, runs.start(spec, Credentials({"model": "a-key-for-tests"})))
    return run.timeline, server
