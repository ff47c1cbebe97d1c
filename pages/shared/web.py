"""What is served beside the Streamlit script: the chart library, and headers that keep every page on this machine."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import MutableMapping
from importlib.resources import files
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

PLOTLY_URL = "lib/plotly.min.js"


def _inline_scripts() -> str:
    """Hashes of the scripts written into Streamlit's own page, so that they run and no other inline script does."""
    page = (files("streamlit") / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts
    )


# Nothing is fetched from elsewhere, so a model's reply cannot call home. Streamlit loads components from blob: URLs
# and its own WebAssembly; inline styles are how it and CodeMirror lay out.
CSP = (
    f"default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval' {_inline_scripts()}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "frame-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


async def _plotly(_: Request) -> FileResponse:
    """The plotly.js that the plotly package carries, so that the figure and its renderer are of one version."""
    return FileResponse(
        str(files("plotly") / "package_data" / "plotly.min.js"),
        media_type="text/javascript",
        headers={"cache-control": "private, max-age=86400"},
    )


class SafeHeaders:
    """Adds the headers to every HTTP response. Pure ASGI: a wrapper around responses would buffer them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers)


ROUTES: tuple[BaseRoute, ...] = (Route(f"/{PLOTLY_URL}", _plotly),)
MIDDLEWARE: tuple[Middleware, ...] = (Middleware(SafeHeaders),)
