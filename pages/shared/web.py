"""What is served beside the Streamlit script: the components' code, and who is answered.

Streamlit sends a component's JavaScript in the same message as its data, anew with each change. What is large is served
from here instead, fetched once, and imported by the few lines that `import_script` writes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

_ASSETS: Final = Path(__file__).parents[2] / "assets"
EDITOR: Final = _ASSETS / "editor" / "dist" / "editor.js"
TIMELINE: Final = _ASSETS / "timeline" / "timeline.js"
PLAY: Final = _ASSETS / "play" / "play.js"
COMPARE: Final = _ASSETS / "compare" / "compare.js"
RUNS_TABLE: Final = _ASSETS / "runs" / "runs.js"
ALIVE: Final = _ASSETS / "alive" / "alive.js"
ATTEMPT: Final = _ASSETS / "run" / "attempt.js"
PROGRAM: Final = _ASSETS / "run" / "program.js"
TITLE: Final = _ASSETS / "run" / "title.js"
REWARDS: Final = _ASSETS / "rewards" / "rewards.js"
WHAT_IF: Final = _ASSETS / "rewards" / "what_if.js"
REWARD_ROW: Final = _ASSETS / "rewards" / "row.js"
FINDINGS: Final = _ASSETS / "rewards" / "findings.js"
PROBES: Final = _ASSETS / "rewards" / "probes.js"
CASES: Final = _ASSETS / "rewards" / "cases.js"
WOBBLE: Final = _ASSETS / "rewards" / "wobble.js"
XRAY: Final = _ASSETS / "xray" / "xray.js"
FAMILY: Final = _ASSETS / "family" / "family.js"
EDIT: Final = _ASSETS / "fork" / "edit.js"
PRESENTER: Final = _ASSETS / "presenter" / "presenter.js"
HINT_TEST: Final = _ASSETS / "hint_test" / "hint_test.js"
ARMS: Final = _ASSETS / "batch" / "arms.js"  # marks and colours of arms, for the components of an experiment
GRID: Final = _ASSETS / "batch" / "grid.js"  # its styles; live.js imports the script
LIVE: Final = _ASSETS / "batch" / "live.js"
RESULT: Final = _ASSETS / "batch" / "result.js"
SETUP_ARMS: Final = _ASSETS / "batch" / "setup_arms.js"
BEFORE: Final = _ASSETS / "batch" / "before.js"
LIST: Final = _ASSETS / "batch" / "list.js"
INPUTS: Final = _ASSETS / "batch" / "inputs.js"
SHARE: Final = _ASSETS / "share" / "share.js"
GUESS: Final = _ASSETS / "learn" / "guess.js"
LESSON_HEAD: Final = _ASSETS / "learn" / "head.js"
LESSONS: Final = _ASSETS / "learn" / "list.js"
TEACH: Final = _ASSETS / "teach" / "teach.js"
# The plotly.js that the plotly package carries, so that it is the version that the lock names.
PLOTLY: Final = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
MAX_TRIES: Final = 30  # seconds, to fetch a script in
SCRIPTS: Final = (PLOTLY, EDITOR, PLAY, ALIVE)
MODULES: Final = (  # scripts that import others
    TIMELINE,
    PRESENTER,
    COMPARE,
    ATTEMPT,
    PROGRAM,
    TITLE,
    RUNS_TABLE,
    REWARDS,
    REWARD_ROW,
    FINDINGS,
    PROBES,
    CASES,
    WOBBLE,
    WHAT_IF,
    XRAY,
    SHARE,
    HINT_TEST,
    LIVE,
    RESULT,
    SETUP_ARMS,
    BEFORE,
    LIST,
    INPUTS,
    GUESS,
    LESSON_HEAD,
    LESSONS,
    TEACH,
    FAMILY,
    EDIT,
)


def read_styles(*styles: Path, root: str = ".root") -> str:
    """The CSS of a component: colours by name, which every component shares, and its own.

    styles: its stylesheets, or its script, where its stylesheet has the same name. root: selector of its outermost element, which
    is of the class `dark` too where the page is.
    """
    files = (_ASSETS / "shared" / "colors.css", *(one.with_suffix(".css") for one in styles))
    return "\n".join(file.read_text(encoding="utf-8").replace(".colors", root) for file in files)


def _digest(*files: Path) -> str:
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()


def _folder(script: Path) -> list[Path]:
    return sorted(script.parent.glob("*.js"))


SHARED: Final = _folder(_ASSETS / "shared" / "dom.js")


def _address(script: Path) -> tuple[str, str, str]:
    """Where a script is served, as beginning, sign and end: with the sign more than once it is the same place.

    A script that imports others has the version before its folder's name, so that theirs change with it. What several folders
    import is in `shared` beside each of them.
    """
    if script in MODULES:
        return f"lib/{_digest(*_folder(script), *SHARED)}", "-", f"/{script.parent.name}/{script.name}"
    return f"lib/{script.name}?{_digest(script)}", "&", ""


def url_of(script: Path) -> str:
    """Where a script is served: relative to the page that asks, so under any base path or proxy's prefix.

    A new version has a new address, as browsers keep what they fetched for a day.
    """
    beginning, _, end = _address(script)
    return beginning + end


def import_script(script: Path) -> str:
    """The JavaScript of a component whose own code is `script`; a fetch that fails is made again, as a page's app may restart.

    Each try has an address of its own, since a browser may remember that it could not import one. Whichever component comes
    first also loads what says that the app has stopped.
    """
    beginning, sign, end = _address(script)
    return f"""
async function load(tries) {{
  try {{
    return await import(new URL("{beginning}" + "{sign}".repeat(tries) + "{end}", document.baseURI).href);
  }} catch (error) {{
    if (tries === {MAX_TRIES}) throw error;
    await new Promise((go) => setTimeout(go, 1000));
    return load(tries + 1);
  }}
}}

const code = load(0);
import(new URL("{url_of(ALIVE)}", document.baseURI).href).catch(() => undefined);

export default async function (component) {{
  return (await code).default(component);
}}
"""


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
    (b"cross-origin-resource-policy", b"same-origin"),
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


class OwnOrigin:
    """Refuses every call that a page of another origin makes: another port of this machine is another origin, too.

    Streamlit lets in any page on localhost, whatever its port. Let in here are an origin equal to the Host that was
    called, and those that `server.corsAllowedOrigins` names. A websocket must say its origin, as every browser does;
    an HTTP request without one is a navigation, or no browser's.
    The Host must be one of `server.allowedHosts`, where Streamlit asks that of websockets alone: a name of somebody
    else's that leads to this machine is refused (DNS rebinding).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why = _why_refused(scope) if scope["type"] in ("http", "websocket") else ""
        if not why:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why})
        else:
            await PlainTextResponse(why, 403)(scope, receive, send)


def _why_refused(scope: Scope) -> str:
    """Why a call is not answered; "" where it is."""
    host, *others = Headers(scope=scope).getlist("host") or [""]
    if others or not _is_allowed(host):
        return "Refinescope is not served under this name. `server.allowedHosts` lists the names that are allowed."
    return "" if _is_own(scope) else "Calls from another origin are refused."


def _is_allowed(host: str) -> bool:
    """Whether `server.allowedHosts` names this Host, in Streamlit's own way: any port, `*.` before a domain, `*` for all."""
    names = [str(one).strip().lower().strip("[]").rstrip(".") for one in st.get_option("server.allowedHosts")]
    place = _host_and_port(f"http://{host}")
    if not names or place is None:
        return not names
    called = place[0].rstrip(".")
    return any(
        name in ("*", called) or (name.startswith("*.") and called.endswith(name[1:])) for name in names
    )


def _is_own(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    origins, host = headers.getlist("origin"), headers.get("host", "")
    if not origins:
        return bool(scope["type"] == "http")
    if len(origins) > 1:
        return False
    origin = origins[0].strip().lower()
    allowed = (str(one).strip().lower().rstrip("/") for one in st.get_option("server.corsAllowedOrigins"))
    if origin in allowed:
        return True
    # The scheme is the browser's: where a proxy ends TLS, this server does not know it.
    place = _host_and_port(origin)
    return place is not None and place == _host_and_port(f"{origin.partition(':')[0]}://{host.lower()}")


def _host_and_port(origin: str) -> tuple[str, int] | None:
    """Host and port of an origin; None for one that has none, such as "null"."""
    try:
        parts = urlsplit(origin)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and not (
        parts.path or parts.query or parts.fragment or "@" in parts.netloc
    )
    return (parts.hostname, port) if plain and parts.hostname and port else None


def _serving(*scripts: Path) -> Callable[[Request], Awaitable[Response]]:
    """Serves these scripts: the only one, or the one that the address names."""
    by_name = {script.name: script for script in scripts}

    async def serve(request: Request) -> Response:
        script = by_name.get(request.path_params.get("name", scripts[0].name))
        if script is None:
            return PlainTextResponse("There is no such script.", 404)
        return FileResponse(
            script, media_type="text/javascript", headers={"cache-control": "private, max-age=86400"}
        )

    return serve


def under_base_path(path: str, route: Callable[[str], BaseRoute]) -> tuple[BaseRoute, ...]:
    """The route at this path under `server.baseUrlPath`, and at the root for a proxy that takes the base path off."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return tuple(route(f"{prefix}/{path}") for prefix in ("", *([f"/{base}"] if base else [])))


def _folder_route(scripts: Sequence[Path]) -> tuple[BaseRoute, ...]:
    serve = _serving(*scripts)
    return under_base_path(
        f"lib/{{version}}/{scripts[0].parent.name}/{{name}}", lambda path: Route(path, serve)
    )


def _script_route(script: Path) -> tuple[BaseRoute, ...]:
    serve = _serving(script)
    return under_base_path(f"lib/{script.name}", lambda path: Route(path, serve))


_FOLDERS: Final = (SHARED, *{script.parent: _folder(script) for script in MODULES}.values())
ROUTES: tuple[BaseRoute, ...] = (
    *(route for script in SCRIPTS for route in _script_route(script)),
    *(route for scripts in _FOLDERS for route in _folder_route(scripts)),
)
MIDDLEWARE: tuple[Middleware, ...] = (Middleware(SafeHeaders), Middleware(OwnOrigin))
