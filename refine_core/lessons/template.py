"""A lesson to start from: `write_template(folder)` writes the one that comes with the app, assets/lesson-template."""

from __future__ import annotations

import shutil
from pathlib import Path

from refine_core.lessons.library import built_in_folder


def template_folder() -> Path:
    """Where the template lies, in a checkout and in the wheel."""
    return built_in_folder().with_name("lesson-template")


def write_template(folder: Path) -> list[str]:
    """Write the template's files into a folder, which is made; their names. Raises FileExistsError where the folder holds anything; OSError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in template_folder().iterdir() if path.is_file())
    for path in files:
        shutil.copyfile(path, folder / path.name)
    return [path.name for path in files]
