"""No key leaves in a file, wherever it got into a run: an address, extra parameters, an error that quotes a request.

A recorded run should hold none. This is the second look, over every text of it, before it is given to others.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import quote

from refine_core.events import Event, LMRequested, RunStarted
from refine_core.lm.secrecy import MASK, environment_secrets, mask_named, strip_login
from refine_core.log.well_formed import map_text
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.spec.pasted_keys import begins_like_key
from refine_core.spec.secrets import SECRET_LIKE

T = TypeVar("T")
_MIN_CHARS: Final = 8  # of a secret of the environment: shorter ones stand in any text by chance
_BEGINNINGS: Final = (
    "sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "hf-", "hf_", "gsk", "xai", "aiza", "eyj", "r8_", "fw_", "tgp_", "pplx-", "nvapi-", "csk-",
    "ghp_", "gho_", "ghs_", "ghu_", "github_pat", "dapi", "ya29.", "absk", "bearer ", "key=", "://", "akia", "asia",
    'key"', "key'", "key:", "token=", 'token"', "token'", "secret=", 'secret"', "secret'", "sig=", "signature=", "password=", "authorization",
    "glpat-", "xox", "private key",
)  # fmt: skip
"""No text without one of these, in small letters, can hold what looks like a key; looking for them is fast."""
_LOGIN: Final = re.compile(r"(?<=://)[^/\s\"'<>]+(?=@)")
_BEARER: Final = re.compile(r"(?<=Bearer )[^\s\"']+", re.IGNORECASE)
_NAMES: Final = r"(?:x[-_])?(?:api|access|auth|client|secret)[-_]?(?:key|token|secret)"
_NAMED: Final = re.compile(
    r"([?&](?:[\w.-]{0,40}[-_])?(?:key|token|secret|sig|signature|password)=)[^&\s\"'<>]+"
    rf"|([\"']{_NAMES}[\"']\s*:\s*[\"'])[^\"'\s]{{8,}}(?=[\"'])"
    r"|(\b(?:x-)?api-key\s*:\s*|\bauthorization\s*:\s*(?:basic\s+)?)(?!bearer\b|basic\b)[\w.~+/=-]{8,}",
    re.IGNORECASE,
)
"""A value that is named as a key: in a query, in JSON or Python, in a header."""
_SERVICES: Final = re.compile(
    r"\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_CAPITALS: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
_SURE: Final = re.compile(r"(?:sk|rk|gsk|xai)[-_](?=[\w*.…-]*\d)[\w*.…-]{6,}", re.IGNORECASE)


class KeyHider:
    """Hides keys in texts, values and events. The environment is read once, when it is made."""

    def __init__(self) -> None:
        known = {value for value in environment_secrets() if len(value) >= _MIN_CHARS}
        secrets = {form for value in known for form in _forms(value)}
        self._secrets = (
            re.compile("|".join(map(re.escape, sorted(secrets, key=len, reverse=True)))) if secrets else None
        )

    def text(self, text: str) -> str:
        """The text with every key in it hidden."""
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        small = text.lower()
        if not any(beginning in small for beginning in _BEGINNINGS):
            return text
        text = _NAMED.sub(lambda match: f"{next(filter(None, match.groups()))}{MASK}", _LOGIN.sub(MASK, text))
        text = _SERVICES.sub(MASK, _CAPITALS.sub(MASK, _BEARER.sub(MASK, text)))
        return SECRET_LIKE.sub(lambda match: MASK if _is_key(match[0]) else match[0], text)

    def value(self, value: T) -> T:
        """The same for all text in a value."""
        return map_text(value, self.text)

    def spec(self, spec: ProgramSpec) -> ProgramSpec:
        """The same for a description, whose addresses lose their logins and whose parameters lose their secrets."""
        model, adviser, judge = map(_without_secrets, (spec.model, spec.adviser, spec.judge))
        return self.value(replace(spec, model=model or spec.model, adviser=adviser, judge=judge))

    def event(self, event: Event) -> Event:
        """The same for an event; its secret parameters go whatever they look like."""
        if isinstance(event, RunStarted):
            event = replace(event, spec=self.spec(event.spec))
        elif isinstance(event, LMRequested):
            event = replace(event, params=mask_named(event.params))
        return self.value(event)


def _forms(secret: str) -> Iterator[str]:
    """A secret as texts quote it: as it is, in JSON, in an address, in markup, as a header's login."""
    yield from (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), html.escape(secret))
    yield base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _without_secrets(model: ModelSpec | None) -> ModelSpec | None:
    if model is None:
        return None
    has_login = model.api_base is not None and ("@" in model.api_base or "?" in model.api_base)
    base = strip_login(model.api_base) if has_login else model.api_base
    return replace(model, api_base=base, extra=mask_named(model.extra))


@lru_cache(maxsize=1024)
def _is_key(match: str) -> bool:
    """Whether what begins like a key is one, and no word such as hf-mirror or pk_customer."""
    return begins_like_key(match) or _SURE.fullmatch(match) is not None or match.startswith(("AIza", "eyJ"))
