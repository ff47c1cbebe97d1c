"""Starting the worker's process: which Python, with which code, environment and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

# Our packages by their folders and without their __init__: the worker imports only the few modules that it needs.
_BOOT = """
import sys
for name, folder in zip(("refine_core", "refine_core.rewards"), sys.argv[1:]):
    sys.modules[name] = module = type(sys)(name)
    module.__path__ = [folder]
from refine_core.rewards import worker
worker.main()
"""
_HERE = Path(__file__).resolve().parent


def spawn_worker(home: Path, cwd: Path, stderr: IO[bytes], hash_seed: int = 0) -> subprocess.Popen[bytes]:
    """Start a worker; its stdin and stdout are pipes. home: its folder; cwd: the one in it where the reward may write.

    hash_seed: of texts, on which the order of sets depends.

    Raises: OSError; ValueError if this Python does not know its own program.
    """
    if not sys.executable:
        raise ValueError("this Python does not know its own program")
    return subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
        [sys.executable, "-s", "-P", "-c", _BOOT, str(_HERE.parent), str(_HERE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=_environment(home, str(cwd), hash_seed),
        cwd=cwd,
        start_new_session=os.name == "posix",
    )


def _environment(home: Path, cwd: str, hash_seed: int) -> dict[str, str]:
    """Nothing of this process's environment: it may hold keys."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(home / "home"),  # there is none, so nothing is read from it or left in it
        "TMPDIR": cwd,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": str(hash_seed),
        "PYTHONUTF8": "1",
        # More threads and arenas than these reserve address space, which is what is limited.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    if os.name == "nt":
        environment |= {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
        environment |= {"TEMP": cwd, "TMP": cwd}
    return environment
