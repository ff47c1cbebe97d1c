"""Keys that got into a run anywhere: planted in every place that may hold text, and looked for in every file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.export import FORMATS, RunLog, export_run
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.runs.kept_what_ifs import KeptWhatIf
from refine_core.spec import ModelSpec, ValidatorSpec
from refine_core.store.listing import Annotation
from tests.export.test_redaction import readable
from tests.hostile_log import hostile_log

LOGIN = "pl4ntedpassw0rd"
OPENAI = "sk-proj-Planted0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0"
SHORT = "sk-planted-1234"
GOOGLE = "AIzaSyPlanted0123456789abcdefghijk"
AMAZON = "AKIAPLANTED123456789"
BEARER = "pl4nted.bearer.t0ken"
ENVIRONMENT = "planted in the environment 7"
HEADER = "planted-header-value"
PLANTED = (LOGIN, OPENAI, SHORT, GOOGLE, AMAZON, BEARER, ENVIRONMENT, HEADER)
SAID = (
    f"401 from https://user:{LOGIN}@host.test/v1?key={GOOGLE} with {OPENAI}, {SHORT}; "
    f"Authorization: Bearer {BEARER}; {AMAZON}; {ENVIRONMENT}"
)


def planted():
    """A run with keys in every text, in addresses, and in parameters and headers by their names."""
    log = hostile_log(SAID, value=SAID, inputs=SAID)
    extra = {
        "extra_headers": {"X-Planted": HEADER},
        "api_key": HEADER,
        "inner": {"token": HEADER},
        "x": OPENAI,
    }
    model = ModelSpec(
        "litellm", "openai/tiny", api_base=f"https://user:{LOGIN}@host.test/v1?key={GOOGLE}", extra=extra
    )
    started = log.records[0].event
    spec = replace(
        started.spec,
        model=model,
        adviser=model,
        judge=model,
        reward=f'def reward(args, pred):\n    """{SAID}"""  # {SAID}\n    return judge("a -> b", a=1)\n',
        reward_name=None,
        validators=(ValidatorSpec(SAID, f"bool({SAID!r})", SAID),),
    )
    log.records[0] = replace(log.records[0], event=replace(started, spec=spec))
    for i, record in enumerate(log.records):
        if isinstance(record.event, ev.LMRequested):
            log.records[i] = replace(record, event=replace(record.event, params=extra))
    return log


@pytest.mark.parametrize("to", FORMATS)
def test_no_planted_key_is_in_any_file(to, monkeypatch):
    monkeypatch.setenv("PLANTED_API_KEY", ENVIRONMENT)
    log = planted()
    kept = KeptWhatIf("1", "run-1", log.records[0].event.spec, 1.0, SAID, {"headline": SAID})
    file = export_run(RunLog(log.records, Annotation(SAID, (SAID,)), what_ifs=(kept,)), to)
    assert [key for key in PLANTED if key in readable(file)] == []


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn and hf-mirror-llama-3-70b", "SELECT pk_customer FROM t", "https://example.test/a@b", "key=value",
        "a token: max_tokens=5", "mail me at a@b.test", "rf_model", "",
    ],
)  # fmt: skip
def test_text_without_a_key_stays_as_it_is(text):
    assert KeyHider().text(text) == text


def test_an_event_without_a_key_is_not_copied():
    hider = KeyHider()
    for record in hostile_log("plain").records[1:]:
        assert hider.event(record.event) == record.event


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET https://h/v1?api_key=pl4nted0000", "pl4nted0000"),
        ("https://h/?x=1&access_token=pl4nted0000&y=2", "pl4nted0000"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
        ("x-api-key: pl4nted0000", "pl4nted0000"),
        ('{"api_key": "pl4nted0000"}', "pl4nted0000"),
        ("http://user:pa@ss@host/x", "ss@host"),
        ("glpat-pl4nted0000pl4nted0000", "pl4nted0000"),
        ("xoxb-123456789012-pl4nted0000", "pl4nted0000"),
        ("-----BEGIN PRIVATE KEY-----\npl4nted0000\n-----END PRIVATE KEY-----", "pl4nted0000"),
        ('a reply in JSON: {"x": "pl4n\\"ted 0000"}', "ted 0000"),
        ("https://h/pl4n%22ted%200000", "ted%200000"),
        ("Basic cGw0biJ0ZWQgMDAwMA==", "cGw0biJ0ZWQgMDAwMA"),
    ],
)
def test_a_key_is_hidden_by_the_name_that_it_has_and_however_it_is_quoted(text, secret, monkeypatch):
    monkeypatch.setenv("PLANTED_API_KEY", 'pl4n"ted 0000')
    hidden = KeyHider().text(text)
    assert secret not in hidden
    assert "[hidden]" in hidden


@pytest.mark.parametrize("code", ['call(api_key=os.environ["X_API_KEY"])', 'key: str = "abcdefghij"', "x.token = read_token()"])  # fmt: skip
def test_code_that_looks_a_key_up_stays_code(code):
    assert KeyHider().text(code) == code
