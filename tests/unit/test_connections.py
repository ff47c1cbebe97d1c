"""Connections as they are kept, the presets that they begin with, and what keeps a model's description from being used."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core.connections import (
    PRESETS,
    Connection,
    check_connection,
    check_model,
    list_connections,
    remove_connection,
    save_connection,
    unset_variable,
)
from refine_core.connections.connection_store import KIND
from refine_core.errors import SpecError
from refine_core.lm import error_messages, http_call, secrecy, types
from refine_core.log import codec
from refine_core.modules import pickles
from refine_core.spec import ModelSpec, secrets
from refine_core.store import MemoryStore

CANARY = "sk-proj-7f3a9c1b2d4e5f60718293a4b5c6d7e8"
GOOD = ModelSpec("litellm", model="openai/gpt-4.1-mini", key_env="OPENAI_API_KEY")


@pytest.fixture
def store():
    return MemoryStore()


def of(name="work", preset="openai", **settings):
    return Connection(name, preset, replace(GOOD, **settings))


def fields(found):
    return [problem.field for problem in found]


def prices():
    litellm = importlib.util.find_spec("litellm")
    table = Path(litellm.submodule_search_locations[0], "model_prices_and_context_window_backup.json")
    return json.loads(table.read_text(encoding="utf-8"))


# Presets


def test_the_presets_are_offered_in_their_order():
    titles = [preset.title for preset in PRESETS.values()]
    assert titles == [
        "OpenAI",
        "Anthropic",
        "Google Gemini",
        "Azure OpenAI",
        "AWS Bedrock",
        "OpenRouter",
        "Ollama",
        "vLLM",
        "LM Studio",
        "Another OpenAI-compatible server",
        "Any other model of litellm",
    ]
    assert all(name == preset.name and preset.note for name, preset in PRESETS.items())


def test_the_suggested_models_are_in_litellms_table_and_not_deprecated():
    table = prices()
    for name in ("openai", "anthropic", "gemini", "azure", "bedrock", "litellm"):
        preset = PRESETS[name]
        for model in preset.models:
            row = table.get(preset.prefix + model) or table[model]
            assert (row["mode"], row.get("deprecation_date") or "none") >= ("chat", "2027")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_what_a_preset_fills_in_can_be_saved(preset):
    made = Connection(
        "mine",
        preset.name,
        ModelSpec(
            "litellm",
            model=(preset.models or ("some-model",))[0],
            api_base=preset.address or ("https://models.example.org/v1" if preset.wants_address else None),
            key_env=preset.key_env,
            provider=preset.provider,
            extra=preset.extra,
        ),
    )
    assert check_connection(made) == []


def test_a_name_gets_the_prefix_that_it_lacks_and_never_two():
    assert PRESETS["anthropic"].full_name(" claude-haiku-4-5 ") == "anthropic/claude-haiku-4-5"
    assert PRESETS["anthropic"].full_name("anthropic/claude-haiku-4-5") == "anthropic/claude-haiku-4-5"
    assert PRESETS["openrouter"].full_name("openai/gpt-4.1-mini") == "openrouter/openai/gpt-4.1-mini"
    assert PRESETS["litellm"].full_name("groq/x") == "groq/x"
    assert PRESETS["openai"].full_name("  ") == ""


@pytest.mark.parametrize(
    ("preset", "full", "short"),
    [
        ("openai", "openai/gpt-4.1-mini", "gpt-4.1-mini"),
        ("compatible", "openai/openai/gpt-oss-20b", "openai/openai/gpt-oss-20b"),
        ("lm_studio", "lm_studio/openai/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("litellm", "groq/x", "groq/x"),
        ("openai", "", ""),
    ],
)
def test_a_name_shown_without_its_prefix_is_the_same_when_typed_again(preset, full, short):
    assert PRESETS[preset].short_name(full) == short
    assert PRESETS[preset].full_name(short) == full


def test_no_preset_can_be_changed():
    with pytest.raises(TypeError):
        PRESETS["azure"].extra["api_version"] = "another"


# Saving


def test_what_is_saved_comes_back_whole(store):
    made = of(
        temperature=0.5,
        max_tokens=100,
        seed=7,
        stop=("END", "☃"),
        reasoning_effort="low",
        extra={"top_p": 0.5, "metadata": {"x": [1, None, True]}},
        price_in_usd=0.5,
        price_out_usd=2.0,
        connection="work",
        cache=False,
    )
    save_connection(made, store=store)
    assert list_connections(store) == [made]


def test_saving_ties_the_model_to_its_connection_and_gives_it_its_prefix(store):
    save_connection(of(" work ", model="gpt-4.1-mini", api_base="", key_env=""), store=store)
    (kept,) = list_connections(store)
    assert (kept.name, kept.model.connection, kept.model.model) == ("work", "work", "openai/gpt-4.1-mini")
    assert (kept.model.api_base, kept.model.key_env) == (None, None)


def test_connections_come_by_name(store):
    for name in ("b", "C", "a"):
        save_connection(of(name), store=store)
    assert [kept.name for kept in list_connections(store)] == ["a", "b", "C"]


def test_a_new_connection_takes_no_other_ones_name(store):
    save_connection(of("work", seed=1), store=store)
    with pytest.raises(SpecError) as caught:
        save_connection(of("Work", seed=2), store=store)
    assert fields(caught.value.problems) == ["name"]
    assert [kept.model.seed for kept in list_connections(store)] == [1]


def test_a_connection_can_be_changed_and_renamed(store):
    save_connection(of("work", seed=1), store=store)
    save_connection(of("work", seed=2), replacing="work", store=store)
    assert [kept.model.seed for kept in list_connections(store)] == [2]
    save_connection(of("Work", seed=3), replacing="work", store=store)
    assert [(kept.name, kept.model.connection, kept.model.seed) for kept in list_connections(store)] == [
        ("Work", "Work", 3)
    ]


def test_a_connection_that_is_renamed_takes_no_other_ones_name(store):
    save_connection(of("one"), store=store)
    save_connection(of("two"), store=store)
    with pytest.raises(SpecError):
        save_connection(of("two"), replacing="one", store=store)
    assert [kept.name for kept in list_connections(store)] == ["one", "two"]


def test_removing_says_whether_there_was_one(store):
    save_connection(of("work"), store=store)
    assert remove_connection("work", store) is True
    assert remove_connection("work", store) is False
    assert list_connections(store) == []


def test_what_cannot_be_used_is_not_saved_and_every_field_is_told(store):
    bad = of("", preset="none", model="", api_base="here", temperature=9.0, retries=-1)
    with pytest.raises(SpecError) as caught:
        save_connection(bad, store=store)
    assert set(fields(caught.value.problems)) == {
        "name",
        "preset",
        "model",
        "api_base",
        "temperature",
        "retries",
    }
    assert list_connections(store) == []


def test_a_preset_that_needs_an_address_asks_for_one():
    assert fields(check_connection(of(preset="vllm"))) == ["api_base"]


def test_only_real_models_are_connections():
    assert "model" in fields(check_connection(Connection("p", "openai", ModelSpec())))


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 61, CANARY])
def test_a_name_is_one_short_line_and_no_key(name):
    (problem,) = check_connection(of(name))
    assert problem.field == "name"
    assert CANARY not in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "3",
        "null",
        "{}",
        '{"name": "odd", "preset": "openai", "model": 3}',
        '{"name": "other", "preset": "openai", "model": {"kind": "litellm"}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "unheard-of"}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "litellm", "model": 5}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "litellm", "temperature": "hot"}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "litellm", "stop": 4}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "litellm", "extra": [1]}}',
        '{"name": "odd", "preset": "openai", "model": {"kind": "litellm", "retries": true}}',
    ],
)
def test_a_document_that_cannot_be_read_is_left_out_told_and_left_as_it_is(store, caplog, text):
    save_connection(of("good"), store=store)
    store.put(KIND, "odd", text)
    with caplog.at_level(logging.WARNING, logger="refine_core"):
        assert [kept.name for kept in list_connections(store)] == ["good"]
    assert "'odd'" in caplog.text
    assert store.documents(KIND)["odd"] == text


def test_a_document_of_a_newer_version_is_read_as_far_as_it_is_understood(store):
    text = codec.dumps(
        {"name": "new", "preset": "openai", "colour": "red", "model": {"kind": "litellm", "mood": 3}}
    )
    store.put(KIND, "new", text)
    assert [kept.model for kept in list_connections(store)] == [ModelSpec("litellm", connection="new")]


def test_without_a_store_the_runs_own_is_used():
    save_connection(of("work"))
    assert "work" in [kept.name for kept in list_connections()]
    assert remove_connection("work") is True


# What keeps a description from being used


def test_a_plain_description_has_no_problems():
    replayed = ModelSpec("replay", recording_id="20260101-000000-abcd")
    assert check_model(GOOD) == check_model(ModelSpec()) == check_model(replayed) == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/v1", "https://models.example.org", "http://[::1]:8000/v1", None, ""]
)
def test_an_address_that_will_do(address):
    assert check_model(replace(GOOD, api_base=address)) == []


@pytest.mark.parametrize(
    "address",
    [
        "models.example.org/v1",
        "ftp://h/v1",
        "http://",
        "http:///v1",
        "http://h:99999/v1",
        "http://h:0/v1",
        "http://[::1/v1",
        "http://h /v1",
        "http://h/v1\n",
        f"http://me:{CANARY}@h/v1",
        f"http://{CANARY}@h/v1",
        "http://@h/v1",
        f"http://h/v1?key={CANARY}",
        "http://h/v1?",
        f"http://h/v1#{CANARY}",
        f"http://h/{CANARY}/v1",
        f"http://{CANARY}.example.org/v1",
        5,
    ],
)
def test_an_address_that_will_not_do_is_told_without_what_is_secret_in_it(address):
    (problem,) = check_model(replace(GOOD, api_base=address))
    assert problem.field == "api_base"
    assert CANARY not in problem.message


@pytest.mark.parametrize(
    "name",
    [CANARY, "AKIAIOSFODNN7EXAMPLE", "AIzaSyA1234567890abcdefghij", "0123456789abcdef0123456789abcdef"],
)
def test_a_key_pasted_in_place_of_a_variables_name_is_not_repeated(name):
    (problem,) = check_model(replace(GOOD, key_env=name))
    assert (problem.field, "the key itself" in problem.message) == ("key_env", True)
    assert name not in problem.message


@pytest.mark.parametrize("name", ["openai_api_key", "$OPENAI_API_KEY", "MY KEY", "1KEY", "MY-KEY", 3])
def test_a_variables_name_is_capitals_digits_and_underscores(name):
    assert fields(check_model(replace(GOOD, key_env=name))) == ["key_env"]


@pytest.mark.parametrize("name", ["", "  ", " x", "a\nb", "http://h/v1", CANARY, "x" * 301, None])
def test_a_model_is_named_in_one_line(name):
    (problem,) = check_model(replace(GOOD, model=name))
    assert problem.field == "model"
    assert CANARY not in problem.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("temperature", "0"),
        ("temperature", True),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("timeout_s", 0),
        ("timeout_s", 3601),
        ("timeout_s", float("inf")),
        ("retries", -1),
        ("retries", 11),
        ("retries", True),
        ("seed", 2**63),
        ("seed", "7"),
        ("price_in_usd", -1.0),
        ("price_out_usd", float("inf")),
        ("stop", ("END", "")),
        ("stop", "END"),
        ("stop", (1,)),
        ("reasoning_effort", ""),
        ("reasoning_effort", "very, very high"),
        ("extra", [1]),
        ("extra", None),
    ],
)
def test_a_value_that_will_not_do_is_told_at_its_own_field(field, value):
    assert fields(check_model(replace(GOOD, **{field: value}))) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0),
        ("temperature", 2.0),
        ("temperature", None),
        ("max_tokens", 1),
        ("timeout_s", 3600),
        ("retries", 0),
        ("retries", 10),
        ("seed", -(2**63)),
        ("price_in_usd", 0),
        ("stop", ("1", "2", "3", "4", "5")),
        ("reasoning_effort", "xhigh"),
        ("extra", {"top_p": 0.5, "max_thinking": {"budget_tokens": 5}, "api_version": "2025-02-01-preview"}),
        ("extra", {"logit_bias": {"50256": -100}, "response_format": {"type": "json_object"}}),
    ],
)
def test_a_value_at_the_edge_will_do(field, value):
    assert check_model(replace(GOOD, **{field: value})) == []


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("model", "own field"),
        ("messages", "program"),
        ("api_base", "Base URL field"),
        ("base_url", "Base URL field"),
        ("api_key", "the key in its own field"),
        ("aws_secret_access_key", "the key in its own field"),
        ("extra_headers", "headers"),
        ("max_completion_tokens", "Max tokens field"),
        ("temperature", "field of its own"),
        ("stop", "field of its own"),
        ("timeout", "time limit"),
        ("num_retries", "retries"),
        ("stream", "streamed"),
        ("n", "Best of N"),
        ("logprobs", "are not kept"),
        ("cache", "Cache identical calls"),
        ("rollout_id", "Cache identical calls"),
        ("self", "no effect"),
    ],
)
def test_a_parameter_with_a_place_of_its_own_is_sent_there(name, where):
    (problem,) = check_model(replace(GOOD, extra={name: CANARY}))
    assert (problem.field, where in problem.message) == ("extra", True)
    assert CANARY not in problem.message


@pytest.mark.parametrize(
    "extra",
    [
        {"note": CANARY},
        {"note": f"Bearer {CANARY}"},
        {"notes": ["x", {"y": CANARY}]},
        {"metadata": {"password": "x"}},
        {"metadata": [{"deep": {"x_token": "x"}}]},
        {CANARY: 1},
        {"sk_live_0123456789abcdef0123": 1},
        {"metadata": {CANARY: 1}},
        {"credentials": {"a": 1}},
        {"callback": "https://me:secret-7@host/"},
    ],
)
def test_no_secret_hides_among_the_extra_parameters(extra):
    (problem,) = check_model(replace(GOOD, extra=extra))
    assert problem.field == "extra"
    assert CANARY not in problem.message
    assert "secret-7" not in problem.message


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), b"x", {1: 2}, {"a": {3}}, [[[[[[[[[[1]]]]]]]]]]]
)
def test_what_is_no_plain_json_is_no_extra_parameter(value):
    assert fields(check_model(replace(GOOD, extra={"x": value}))) == ["extra"]


def test_what_cannot_be_json_at_any_depth_is_told_not_raised():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert fields(check_model(replace(GOOD, extra={"x": deep}))) == ["extra"]


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert unset_variable(GOOD) == "OPENAI_API_KEY"
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert unset_variable(GOOD) is None


def test_what_is_secret_is_known_in_one_way_everywhere():
    """Refused when it is described, hidden when it is told, left out when it is recorded: one rule."""
    assert http_call.is_secret is types.is_secret is secrets.is_secret
    assert pickles.SECRET_NAME is secrets.SECRET_NAME
    assert secrecy.SECRET_LIKE is secrets.SECRET_LIKE
    assert error_messages.redact is secrecy.redact


UNKNOWN_KEYS = [
    "3f9a1c07be5d42a886d0e1f2937b4c5a",  # 32 hex digits, as Azure's
    "9bC2xQ7LmZ4vT1rKp8WnY6dF3gHsJ5aE",
    "k3j9x7q2m5v8b1n4c6z0p7l2w9e5r8t1",
    "Zq8Lr2Vn5Tx0Bw7Ky4Jd9Mh3Gf6Cp1Ss8Ae2Ru5Ui",
    "tqrb04mxqhe7jzwkc81vdnuyg53plahw",  # few changes from letters to digits
    "Vb3_kQ9xZt-7LmW2rYp8NcA5sHd-J4fEuG6iTo1XvBq",  # in base64 for addresses
]
"""Made up, like keys without usual first letters."""

KNOWN_KEYS = [
    "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",  # letters alone, as Hugging Face's are
    "gsk_a1B2c3D4e5F6g7H8i9J0WGdyb3FYa1B2c3D4",
    "xai-a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8",
    "AIzaSyA1234567890abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl1234",
    "r8_Ab1cDe2fGh3iJk4lMn5oPq6rSt7u",
    "fw_3ZabcDEfgh1JklmnOPqr2tuv",
    "nvapi-Ab3d_eFg9h1kLm-Nop2qrS4tUv_wXyz",
    "ghp_abcdefghijklmnopqrstuv1wxyzabcdefghij",
    "dapi0a1b2c3d4e5f60718293a4b5c6d7e8",
]
"""Made up, with the first letters that providers' keys have."""


@pytest.mark.parametrize("key", KNOWN_KEYS)
def test_a_key_of_a_known_kind_is_hidden_in_logs_too(key):
    assert secrecy.redact(f"refused: {key}, sent to host") == "refused: [hidden], sent to host"


@pytest.mark.parametrize("key", [*UNKNOWN_KEYS, *KNOWN_KEYS])
def test_a_key_is_found_wherever_it_is_pasted(key):
    places = [
        replace(GOOD, model=key),
        replace(GOOD, model=f"openai/{key}"),
        replace(GOOD, api_base=f"http://h/v1/{key}"),
        replace(GOOD, key_env=key.upper()),
        replace(GOOD, stop=(key,)),
        replace(GOOD, provider=key),
        replace(GOOD, connection=key),
        replace(GOOD, kind="practice", connection=key),
        replace(GOOD, extra={"metadata": {"note": [key]}}),
        replace(GOOD, extra={key: 1}),
    ]
    for place in places:
        (problem,) = check_model(place)
        assert key.lower() not in problem.message.lower()
    (problem,) = check_connection(Connection(key, "openai", replace(GOOD, api_base=None)))
    assert problem.field == "name"
    assert key not in problem.message


def test_no_models_real_name_is_taken_for_a_key():
    """Every model that litellm lists, and names of other kinds."""
    listed = (
        Path(importlib.util.find_spec("litellm").origin).parent
        / "model_prices_and_context_window_backup.json"
    )
    names = [name for name in json.loads(listed.read_text(encoding="utf-8")) if name != "sample_spec"]
    assert len(names) > 1000
    digest = hashlib.sha256(b"a version").hexdigest()
    names += [
        f"replicate/meta/llama-2-70b-chat:{digest}",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcd1234efgh",
        "ft:gpt-4o-mini-2024-07-18:acme-corporation::AbC123xy",
        "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
        "azure/MyDeploymentForProductionUseOnly2",
        "azure/MyProdDeploymentGpt4oMini2024East",
        "openai/hf-mirror-of-llama-3-8b-instruct",
        "sagemaker/jumpstart-dft-hf-llm-mixtral-8x7b-20240101-123456",
        "lmstudio-community/Qwen2.5-7B-Instruct-1M-GGUF/Qwen2.5-7B-Instruct-1M-Q4_K_M.gguf",
        "neuralmagic/Meta-Llama-3.1-70B-Instruct-quantized.w4a16",
        "fireworks_ai/accounts/fireworks/models/llama-v3p1-405b-instruct",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
    ]
    assert [name for name in names if check_model(replace(GOOD, model=name))] == []


@pytest.mark.parametrize(
    "given",
    [
        {
            "api_base": "https://gateway.example.com/v1/3f9a1c07be5d42a886d0e1f2937b4c5a/work/openai"
        },  # an account
        {"api_base": "https://my-resource-name-for-tests.openai.azure.com/openai/v1"},
        {"api_base": "https://hf-mirror-of-the-lab.example.org/v1"},
        {"api_base": "https://x7k2m9q4w1z8b5n3v6c0l2p7r4t9y1ua.lambda-url.us-east-1.on.aws/"},  # a function's
        {"api_base": "https://h.example.org/openai/deployments/MyGpt4oMini-2024-07-18"},
        {"api_base": "https://h.example.org/v1/0b1e7c1e-6f4f-4f0e-9c56-1c2d3e4f5a6b"},
        {"key_env": "HF_TOKEN_OF_PROJECT_2024"},
        {"key_env": "XAI_API_KEY_FOR_TEAM_A1B"},
        {"connection": "sk-hynix cluster, 2 boxes"},
        {"stop": ("\n\n###END_OF_ANSWER###", "</answer>")},
        {"extra": {"user": "3f9a1c07be5d42a886d0e1f2937b4c5a"}},  # a digest, as providers ask for
        {"extra": {"project": "0b1e7c1e-6f4f-4f0e-9c56-1c2d3e4f5a6b", "thinking": {"budget_tokens": 1024}}},
        {"extra": {"project": "Prod-0B1e7c1e-6f4f-4f0e-9c56-1c2d3e4f5a6b"}},
        {"extra": {"min_tokens": 3, "skip_special_tokens": True, "top_logprobs": 2}},
    ],
)
def test_what_is_no_key_is_not_taken_for_one(given):
    """Model and connection would be useless if their real names were refused."""
    assert check_model(replace(GOOD, **given)) == []


@pytest.mark.parametrize(
    "name",
    ["authorization", "proxy_auth", "cookies", "db_passwd", "api_keys", "tokens", "access_tokens", "bearer"],
)
def test_a_parameter_that_is_named_like_a_secret_is_not_kept(name):
    (problem,) = check_model(replace(GOOD, extra={name: "x"}))
    assert "named like a secret" in problem.message
    assert types.public_params({name: "x", "max_tokens": 5, "thinking_tokens": 6}) == {
        "max_tokens": 5,
        "thinking_tokens": 6,
    }


@pytest.mark.parametrize("key", ["Zq8Lr2Vn5Tx0Bw7Ky4Jd9Mh3Gf6Cp1Ss8Ae2Ru5Ui", "AKIAIOSFODNN7EXAMPLE", CANARY])
def test_of_an_addresss_middle_only_an_account_number_may_look_like_a_key(key):
    """Gateways put 32 hex digits there; elsewhere a key may stand in any part."""
    assert fields(check_model(replace(GOOD, api_base=f"http://h/v1/{key}/openai"))) == ["api_base"]
    assert fields(check_model(replace(GOOD, api_base=f"http://h/{key}"))) == ["api_base"]
