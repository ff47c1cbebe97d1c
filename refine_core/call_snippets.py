"""A recorded call as code that makes it again: a curl command, or a Python script for litellm. A key is never in it.

    describe_call(spec, messages, params) -> ApiCall --write_curl--> text      --write_litellm--> text

Where the key belongs stands the name of an environment variable. What only Refinescope knows of (a rollout id, its cache) is
left out.
"""

from __future__ import annotations

import json
import pprint
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.lm.secrecy import strip_login
from refine_core.spec import ModelSpec
from refine_core.spec.secrets import is_secret

OPENAI_URL: Final = "https://api.openai.com/v1"
_OWN_PARAMS: Final = frozenset(
    ("rollout_id", "cache", "cache_in_memory", "timeout", "timeout_s", "num_retries")
)
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class ApiCall:
    """What is sent. url: of OpenAI's protocol, or None where another is spoken. model: its name there.

    litellm_model: its name for litellm. key_name: the environment variable that holds the key, "" for a server without one.
    """

    url: str | None
    model: str
    litellm_model: str
    provider: str | None
    api_base: str | None
    key_name: str
    messages: tuple[Mapping[str, str], ...]
    params: Mapping[str, object]


def describe_call(
    spec: ModelSpec,
    messages: Sequence[Mapping[str, str]],
    params: Mapping[str, object],
    left_out: Iterable[str] = (),
) -> ApiCall | None:
    """The call that a recorded one made; None for one that no server answers for, or one whose port and key are gone with the app.

    params: as recorded. left_out: names of those that the server had refused.
    """
    if spec.kind != "litellm" or spec.is_local:
        return None
    prefix, _, rest = spec.model.partition("/")
    speaks_openai = prefix == "openai" or (
        spec.api_base is not None and spec.provider in (None, "openai") and prefix not in _OTHER_PROTOCOLS
    )
    base = (strip_login(spec.api_base) or OPENAI_URL).rstrip("/") if speaks_openai else None
    dropped = {*_OWN_PARAMS, *left_out}
    key_name = spec.key_env or usual_key_name(prefix, rest, spec)
    return ApiCall(
        url=None if base is None else f"{base}/chat/completions",
        model=rest if prefix == "openai" and rest else spec.model,
        litellm_model=spec.model,
        provider=spec.provider or ("openai" if speaks_openai and prefix != "openai" else None),
        api_base=strip_login(spec.api_base),
        key_name=key_name if not key_name or _VARIABLE.fullmatch(key_name) else "API_KEY",
        messages=tuple({"role": m["role"], "content": m["content"]} for m in messages),
        params={n: v for n, v in params.items() if n not in dropped and not is_secret(n) and v is not None},
    )


def write_curl(call: ApiCall) -> str | None:
    """The call as a command for a POSIX shell; None where the server does not speak OpenAI's protocol."""
    if call.url is None:
        return None
    extra = call.params.get("extra_body")
    params = {n: v for n, v in call.params.items() if n != "extra_body"}
    body = json.dumps(
        {
            "model": call.model,
            "messages": call.messages,
            **params,
            **(extra if isinstance(extra, Mapping) else {}),
        },
        indent=2,
    )
    # In double quotes, so that the shell puts the key in; a variable's name holds nothing that it would read otherwise.
    header = f'  -H "Authorization: Bearer ${call.key_name}" \\\n' if call.key_name else ""
    return (
        f"curl --url {shlex.quote(call.url)} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f"{header}"
        f"  --data-binary {shlex.quote(body)}\n"
    )


def write_litellm(call: ApiCall) -> str:
    """The call as a Python script."""
    plain = {n: v for n, v in call.params.items() if _NAME.fullmatch(n)}
    arguments: dict[str, str] = {"model": _literal(call.litellm_model)}
    if call.provider:
        arguments["custom_llm_provider"] = _literal(call.provider)
    if call.api_base:
        arguments["api_base"] = _literal(call.api_base)
    if call.key_name:
        arguments["api_key"] = f"os.environ[{_literal(call.key_name)}]"
    elif call.api_base:
        arguments["api_key"] = _literal("no-key")
    arguments["messages"] = _literal([dict(m) for m in call.messages])
    arguments |= {name: _literal(value) for name, value in plain.items()}
    listed = "".join(f"    {name}={value},\n" for name, value in arguments.items())
    imports = "import os\n\nimport litellm\n" if call.key_name else "import litellm\n"
    return f"{imports}\nreply = litellm.completion(\n{listed})\nprint(reply.choices[0].message.content)\n"


_OTHER_PROTOCOLS: Final = frozenset(
    ("anthropic", "gemini", "vertex_ai", "bedrock", "azure", "azure_ai", "ollama", "cohere", "replicate")
)


def usual_key_name(prefix: str, rest: str, spec: ModelSpec) -> str:
    """The variable that usually holds a key for this model; "" for a server of one's own, which was given none."""
    if spec.api_base is not None:
        return ""
    provider = spec.provider or (prefix if rest else "openai")
    return f"{re.sub(r'[^A-Z0-9]', '_', provider.upper())}_API_KEY"


def _literal(value: object) -> str:
    """A plain value as Python source, indented as an argument."""
    return pprint.pformat(value, width=96, sort_dicts=False).replace("\n", "\n    ")
