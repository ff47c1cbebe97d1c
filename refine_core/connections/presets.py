"""What a person can connect to, with what is usual there filled in.

A preset only fills a form. Which model is asked, and where, is in the ModelSpec that comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LOCAL_MAX_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of connection.

    name: its key in PRESETS. title: what a person reads.
    prefix: how litellm's names begin there, such as "anthropic/"; what a person types may lack it, see `full_name`.
    provider: litellm's name of the provider, where no prefix says it; None otherwise.
    models: a few names as hints, without the prefix. address: the usual base address, or None.
    wants_address: whether one must be given; without it the provider's own is asked.
    key_env: the usual variable for the key, or None. wants_key: whether a key is usually needed; one may always be given.
    note: where the key comes from, or what must run. extra: further parameters to begin with.
    max_tokens: of a reply, to begin with; a small local model may write without end.
    """

    name: str
    title: str
    prefix: str
    note: str
    models: tuple[str, ...] = ()
    address: str | None = None
    wants_address: bool = False
    key_env: str | None = None
    wants_key: bool = False
    provider: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    max_tokens: int | None = None

    def full_name(self, typed: str) -> str:
        """The name by which litellm knows what a person typed: with the prefix, put before it where it is missing."""
        typed = typed.strip()
        return typed if not typed or typed.startswith(self.prefix) else self.prefix + typed

    def short_name(self, full: str) -> str:
        """The shortest that a person can type for litellm's name: `full_name` makes `full` of it again.

        A server's own openai/gpt-oss-20b keeps the prefix before it, since without that its own beginning would be taken for it.
        """
        short = full.removeprefix(self.prefix)
        return short if self.full_name(short) == full else full


# The first hint takes any temperature, as far as there is such a model: attempts differ in it.
_ALL = (
    Preset(
        "openai",
        "OpenAI",
        "openai/",
        "Create an API key at platform.openai.com.",
        models=("gpt-4.1-mini", "gpt-5.4-mini", "gpt-6-luna", "gpt-6.1-sol"),
        key_env="OPENAI_API_KEY",
        wants_key=True,
    ),
    Preset(
        "anthropic",
        "Anthropic",
        "anthropic/",
        "Create an API key at platform.claude.com.",
        models=("claude-haiku-4-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"),
        key_env="ANTHROPIC_API_KEY",
        wants_key=True,
    ),
    Preset(
        "gemini",
        "Google Gemini",
        "gemini/",
        "Create an API key at aistudio.google.com.",
        models=("gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.1-pro-preview"),
        key_env="GEMINI_API_KEY",
        wants_key=True,
    ),
    Preset(
        "azure",
        "Azure OpenAI",
        "azure/",
        "The model is the name of your deployment. The base URL is the resource's endpoint, such as "
        "https://NAME.openai.azure.com. Set the API version as api_version under Extra parameters.",
        models=("gpt-4.1-mini", "gpt-5.4-mini"),
        wants_address=True,
        key_env="AZURE_API_KEY",
        wants_key=True,
        extra=MappingProxyType({"api_version": "2025-02-01-preview"}),
    ),
    Preset(
        "bedrock",
        "AWS Bedrock",
        "bedrock/",
        "Credentials come from the environment or from ~/.aws, as for the AWS command line; the package boto3 must be "
        "installed. Set the region as aws_region_name under Extra parameters.",
        models=(
            "us.amazon.nova-2-lite-v1:0",
            "us.anthropic.claude-haiku-5-5",
            "us.anthropic.claude-sonnet-5-5",
        ),
        extra=MappingProxyType({"aws_region_name": "us-east-1"}),
    ),
    Preset(
        "openrouter",
        "OpenRouter",
        "openrouter/",
        "Create an API key at openrouter.ai. Model names have two parts, such as openai/gpt-4.1-mini.",
        models=("openai/gpt-4.1-mini", "anthropic/claude-haiku-4.5", "google/gemini-2.5-flash"),
        key_env="OPENROUTER_API_KEY",
        wants_key=True,
    ),
    # Ollama's OpenAI-compatible side, not its own: over the latter, litellm asks the server for a price after each reply.
    Preset(
        "ollama",
        "Ollama",
        "openai/",
        "Ollama must be running and have the model: `ollama pull qwen3:8b`. No key needed. For long prompts, start it "
        "with OLLAMA_CONTEXT_LENGTH=16384.",
        models=("qwen3:8b", "llama3.1:8b", "gpt-oss:20b"),
        address="http://127.0.0.1:11434/v1",
        wants_address=True,
        max_tokens=LOCAL_MAX_TOKENS,
    ),
    Preset(
        "vllm",
        "vLLM",
        "hosted_vllm/",
        "Start it with `vllm serve MODEL`; use the same model name here. A key is needed if the server was "
        "started with --api-key.",
        models=("Qwen/Qwen3-8B", "openai/gpt-oss-20b"),
        address="http://127.0.0.1:8000/v1",
        wants_address=True,
        max_tokens=LOCAL_MAX_TOKENS,
    ),
    Preset(
        "lm_studio",
        "LM Studio",
        "lm_studio/",
        "Load a model in LM Studio and start its server under Developer. No key needed.",
        models=("qwen/qwen3-8b", "openai/gpt-oss-20b"),
        address="http://127.0.0.1:1234/v1",
        wants_address=True,
        max_tokens=LOCAL_MAX_TOKENS,
    ),
    Preset(
        "compatible",
        "Another OpenAI-compatible server",
        "openai/",
        "Any server that speaks OpenAI's chat protocol. The base URL usually ends in /v1; ask the operator whether it "
        "requires an API key.",
        wants_address=True,
        max_tokens=LOCAL_MAX_TOKENS,
    ),
    Preset(
        "litellm",
        "Any other model of litellm",
        "",
        "Enter provider/model, as listed under Providers at docs.litellm.ai, which also names the key's environment variable.",
        models=("mistral/mistral-small-latest", "groq/openai/gpt-oss-20b", "deepseek/deepseek-v3.2"),
        wants_key=True,
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""Every kind of connection by its name, in the order in which they are offered."""
