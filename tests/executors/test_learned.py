"""What servers refused, as the app and its workers tell each other."""

import json
from dataclasses import replace

from refine_core.errors import LMRefusedError
from refine_core.executors.learned import learn, write_learned
from refine_core.lm.context_size import ContextSize
from refine_core.lm.shared import shared
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec

SCHEMA = {"type": "json_schema", "json_schema": {"name": "reply"}}
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "def reward(args, pred):\n    return 1.0\n",
    model=ModelSpec("litellm", model="openai/one", api_base="http://user:secret@127.0.0.1:9/v1"),
)
THERE = replace(
    SPEC, model=replace(SPEC.model, model="openai/other")
)  # as another process knows nothing of it


def test_what_one_process_found_another_knows():
    server, other = (SPEC.model.api_base, "openai/one"), (SPEC.model.api_base, "openai/other")
    assert write_learned(SPEC) == {}
    shared.servers.add_refused(server, frozenset({"temperature"}))
    shared.servers.note_context(server, ContextSize(4096, "vllm", reserves_reply=True))
    formats = shared.servers.format_support("http://127.0.0.1:9/v1", None, "openai/one")
    formats.add_refusal(SCHEMA, LMRefusedError("it takes no formats", model="openai/one", status=400))
    written = json.loads(json.dumps(write_learned(SPEC)))
    assert "secret" not in str(written)
    learn(THERE, written)
    assert shared.servers.refused_params(other) == {"temperature"}
    assert shared.servers.context(other) == (True, ContextSize(4096, "vllm", reserves_reply=True))
    assert shared.servers.format_support("http://127.0.0.1:9/v1", None, "openai/other").refuses(SCHEMA)
    assert write_learned(THERE) == write_learned(SPEC)
