"""Installs come from the locks, so that both commands of the README do next month what they do today."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.peers import DSPY, ORIGINAL

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
pytestmark = pytest.mark.fault(65)


@cache
def entries(lock: Path) -> list[tuple[Requirement, int]]:
    """What a lock names, each with the number of its hashes."""
    text = lock.read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(Requirement(line.partition(" --hash")[0]), line.count("--hash=sha256:")) for line in lines]


def declared(extra: str = "") -> list[Requirement]:
    """What pyproject.toml asks for: the app's dependencies, or those of an extra."""
    project = PROJECT["project"]
    names = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(name) for name in names if not name.startswith("refinescope")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_one_version_and_its_hashes(lock):
    assert entries(lock)
    for requirement, hashes in entries(lock):
        assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), requirement
        assert hashes > 0, requirement


@pytest.mark.parametrize(
    ("lock", "extras"), [("app", [""]), ("test", ["", "test"]), ("dev", ["", "test", "dev"])]
)
def test_the_locks_fit_the_bounds_of_pyproject(lock, extras):
    """Someone who changed a bound must run .ci/lock."""
    environment = {**default_environment(), "extra": ""}
    pins = {
        canonicalize_name(pin.name): pin
        for pin, _ in entries(ROOT / "requirements" / f"{lock}.txt")
        if pin.marker is None or pin.marker.evaluate(environment)
    }
    wanted = [one for extra in extras for one in declared(extra)]
    wanted += map(Requirement, PROJECT["dependency-groups"]["build"])
    for requirement in wanted:
        pin = pins[canonicalize_name(requirement.name)]
        (version,) = [clause.version for clause in pin.specifier]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


def test_readme_and_ci_install_nothing_but_locked_packages():
    texts = [(ROOT / "README.md").read_text(), (ROOT / ".ci/run").read_text()]
    installs = [line for text in texts for line in re.findall(r'\bpip"? install [^&`\n]*', text)]
    assert len(installs) >= 8
    for line in installs:
        locked = re.search(r"-r requirements/(app|test|dev|uv)\.txt", line)
        assert locked or "--no-deps --no-build-isolation -e ." in line, line


def test_ci_runs_the_very_test_command_of_the_readme():
    command = re.search(r"^python3 -m venv .*pytest$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert command
    assert command[0] in (ROOT / ".ci/run").read_text().splitlines()


def test_the_peers_are_locked_at_the_versions_that_are_measured():
    for version in (DSPY, ORIGINAL):
        pins = {
            pin.name: str(pin.specifier) for pin, _ in entries(ROOT / "requirements" / f"dspy-{version}.txt")
        }
        assert pins["dspy"] == f"=={version}"


def test_every_package_that_is_imported_is_declared_with_bounds():
    """What comes along only because something else needs it may be gone, or another, next month."""
    bounds = {
        canonicalize_name(one.name): one.specifier
        for one in (
            *declared(),
            *(one for extra in ("dask", "dspy", "otel", "postgres") for one in declared(extra)),
        )
    }
    homes = packages_distributions()
    files = [ROOT / "app.py", *(ROOT / "refine_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    imported = {name for file in files for name in _imports(file)} - set(sys.stdlib_module_names)
    for name in imported - {"refine_core", "pages"}:
        (home, *others) = homes.get(name, [name])  # an extra is not installed here
        if others:  # several packages share the name
            home = next((one for one in (home, *others) if canonicalize_name(one) in bounds), home)
        bound = bounds.get(canonicalize_name(home if name != "pydantic_core" else "pydantic"))
        assert bound is not None, f"{name} is imported, and {home} is not among the dependencies"
        assert {clause.operator for clause in bound} == {">=", "<"}, f"{home} needs a bound at each end"


def _imports(file: Path) -> set[str]:
    """The top-level packages that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names
