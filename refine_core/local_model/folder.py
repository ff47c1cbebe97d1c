"""Where things lie: a folder of its own in the data folder.

local-model/xllamacpp-2026.10.11549/     one folder for each wheel, whole as soon as it has this name
local-model/downloading/                 what pip is at; emptied before each download
local-model/server.log                   what the server printed when it was last started
"""

from __future__ import annotations

import re
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from refine_core.local_model.facts import ENGINE, WEIGHTS, Package
from refine_core.store.home import data_home

LOCK: Final = Path(__file__).parent / "requirements.txt"


def local_home() -> Path:
    """The folder."""
    return data_home() / "local-model"


@cache
def read_lock(lock: Path = LOCK) -> dict[str, str]:
    """Name of a package -> its lines in the lock: version and hashes."""
    text = "\n".join(line for line in lock.read_text(encoding="utf-8").splitlines() if "#" not in line)
    return {one[1]: one[0] for one in re.finditer(r"^([\w.-]+)==(?:.*\\\n)*.*$", text, re.MULTILINE)}


def find_requirement(package: Package) -> str:
    """The version and the hashes of a package, as pip reads them."""
    return package.requirement or read_lock()[package.name]


def package_folder(package: Package) -> Path:
    """Where a package lies once it is set up. Its version is part of the name, so a newer lock sets up anew."""
    version = find_requirement(package).partition("==")[2].split()[0]
    return local_home() / f"{package.name}-{version}"


def is_set_up(package: Package) -> bool:
    """Whether the package is there, whole."""
    return package_folder(package).is_dir()


def missing_packages(
    *, needs_weights: bool = True, engine: Package = ENGINE, weights: Package = WEIGHTS
) -> tuple[Package, ...]:
    """What is still to be downloaded. needs_weights: False for a model file of the user's own."""
    wanted = (engine, weights) if needs_weights else (engine,)
    return tuple(one for one in wanted if not is_set_up(one))


def find_weights(package: Package = WEIGHTS) -> Path | None:
    """SmolLM2's file; None where it is not set up. Its package is looked for and never imported, as that would need others."""
    found = PathFinder.find_spec(package.module, [str(package_folder(package))])
    places = (found.submodule_search_locations if found is not None else None) or ()
    return next((file for place in places for file in sorted(Path(place).glob("*.gguf"))), None)
