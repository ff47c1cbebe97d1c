"""Modules that a reward cannot use: its sandbox has no network, no other programs and no other files; or not installed."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding
from refine_core.rewards.shapes.absent_frameworks import FRAMEWORKS

SANDBOX = "Rewards run in a sandbox without network, other programs or files"
_REFUSED = frozenset((
    "aiohttp", "anthropic", "boto3", "ftplib", "http.client", "http.server", "httpx", "imaplib", "litellm",
    "multiprocessing", "openai", "paramiko", "poplib", "pty", "requests", "smtplib", "socket", "socketserver", "ssl",
    "subprocess", "telnetlib", "urllib.request", "urllib3", "webbrowser", "websockets", "xmlrpc.client",
))  # fmt: skip
_OS_CALLS = frozenset((
    "system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "startfile", "kill", "killpg",
    *(f"exec{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"spawn{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
))  # fmt: skip


def check_imports(code: Code) -> Iterator[Finding]:
    """Findings for imports that the sandbox refuses, or that are not installed; of what stands in for one, once."""
    noted = set[str]()
    for one in _list_findings(code):
        if one.severity != "note" or one.subject not in noted:
            yield one
        noted.add(one.subject)


def _list_findings(code: Code) -> Iterator[Finding]:
    for node in code.select(ast.Import, ast.ImportFrom, ast.Attribute):
        match node:
            case ast.Import(names=names):
                for one in names:
                    yield from _check_import(code, node, one.name, one)
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                if module == "os":
                    for one in names:
                        if one.name in _OS_CALLS:
                            yield _report_refused(code, one, f"os.{one.name}")
                    continue
                inner = [f"{module}.{one.name}" for one in names if f"{module}.{one.name}" in _REFUSED]
                yield from _check_import(code, node, inner[0] if inner else module, node)
            case ast.Attribute(value=ast.Name(id="os"), attr=attr) if attr in _OS_CALLS:
                yield _report_refused(code, node, f"os.{attr}")
            case _:
                pass


def _check_import(code: Code, statement: ast.AST, module: str, node: ast.AST) -> Iterator[Finding]:
    top = module.partition(".")[0]
    if module in _REFUSED or top in _REFUSED:
        yield _report_refused(code, node, module)
    elif not _is_guarded(code, statement) and not _is_installed(top):
        line, column, end, _ = code.lines.locate_text(node)
        message = f"No module named {top!r} is installed in the Python that runs the app."
        if stands_in := code.shape != "refine" and top in FRAMEWORKS:
            message += " The file loads without it; a score that needs it is an error."
        yield Finding(
            "missing-module", "note" if stands_in else "error", message, line, column, end, subject=top
        )


def _report_refused(code: Code, node: ast.AST, what: str) -> Finding:
    line, column, end, _ = code.lines.locate_text(node)
    return Finding(
        "sandbox", "warning", f"{what} does not work here. {SANDBOX}.", line, column, end, subject=what
    )


def _is_guarded(code: Code, statement: ast.AST) -> bool:
    return any(isinstance(around, (ast.Try, ast.TryStar)) for around in code.around(statement))


def _is_installed(top: str) -> bool:
    """Whether the module can be found. Looks at folders and imports nothing."""
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return True
