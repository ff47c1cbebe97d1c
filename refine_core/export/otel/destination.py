"""Where spans can be sent, by OpenTelemetry's own environment variables, and why not, where they cannot.

find_destination() --> Destination, or raises SendingUnavailableError with what is missing and what to do
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from refine_core.errors import RefineError
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.lm.secrecy import strip_login

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_HEADERS: Final = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPEAKS: Final = "http/protobuf"
_MIN_SECRET_CHARS: Final = 4


class SendingUnavailableError(RefineError):
    """Spans cannot be sent from here: the extra or the address is missing."""


@dataclass(frozen=True, slots=True)
class Destination:
    """address: where spans go, without a login. secrets: values of the headers that go with them, which no message may quote."""

    address: str
    secrets: tuple[str, ...] = ()

    def mask(self, text: str) -> str:
        """A message about it without any key."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "[hidden]")
        return KeyHider().text(text)


def find_destination() -> Destination:
    """The endpoint that the environment names. Raises SendingUnavailableError."""
    if not has_extra():
        raise SendingUnavailableError(
            'sending spans needs the extra `otel`: pip install "refinescope[otel]" into the environment that Refinescope runs in, '
            "then start it again"
        )
    address = _find_address()
    if not address:
        raise SendingUnavailableError(
            f"no address to send spans to: set {ENDPOINT}, such as http://localhost:4318, before you start Refinescope"
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SendingUnavailableError(
            f"{_named()} is no address of an OTLP endpoint: it must begin with http:// or https://, as in http://localhost:4318"
        )
    protocol = next((value for name in _PROTOCOLS if (value := os.environ.get(name))), _SPEAKS)
    if protocol != _SPEAKS:
        raise SendingUnavailableError(
            f"the environment asks for the protocol {protocol}, and Refinescope speaks {_SPEAKS}: set {_PROTOCOLS[0]}={_SPEAKS}, "
            "and the address to the collector's HTTP port, mostly 4318"
        )
    return Destination(KeyHider().text(strip_login(address)), _secrets(address))


def has_extra() -> bool:
    """Whether the libraries of the extra `otel` are installed; nothing is imported."""
    try:
        return find_spec("opentelemetry.sdk") is not None and (
            find_spec("opentelemetry.exporter.otlp.proto.http") is not None
        )
    except ModuleNotFoundError:  # not even their parent
        return False


def _find_address() -> str:
    """The address that spans are sent to: the one for traces as it is; to the one for everything v1/traces is added."""
    if traces := os.environ.get(TRACES_ENDPOINT, "").strip():
        return traces
    base = os.environ.get(ENDPOINT, "").strip()
    return f"{base.removesuffix('/')}/v1/traces" if base else ""


def _named() -> str:
    return TRACES_ENDPOINT if os.environ.get(TRACES_ENDPOINT, "").strip() else ENDPOINT


def _secrets(address: str) -> tuple[str, ...]:
    """What must be in no message: values of headers, each whole and its last word, and the login in the address."""
    from urllib.parse import unquote

    given = next((value for name in _HEADERS if (value := os.environ.get(name))), "")
    values = [unquote(pair.partition("=")[2].strip()) for pair in given.split(",")]
    raw = [pair.partition("=")[2].strip() for pair in given.split(",")]
    login = urlsplit(address)
    every = (
        *values,
        *raw,
        *(one.rpartition(" ")[2] for one in values),
        login.username or "",
        login.password or "",
    )
    return tuple(dict.fromkeys(one for one in every if len(one) >= _MIN_SECRET_CHARS))
