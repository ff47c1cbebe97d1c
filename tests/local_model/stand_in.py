"""A stand-in for what `refinescope local` downloads: a package `xllamacpp` that serves what the model file says, in no time.

    write_engine(folder)             the package, unpacked            write_model(file, "The reply.")     a model file
    build_wheel(folder, name, …)     either as a wheel, with the line of a lock for it

The child process, its pipes and its HTTP are real; only the weights and llama.cpp are not.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

SERVER = Path(__file__).parents[1] / "openai_server.py"
DAMAGED, HANGS, STALLS = "damaged", "hangs", "stalls"

ENGINE = f"""
import importlib.util
import sys
import threading
from types import SimpleNamespace

spec = importlib.util.spec_from_file_location("openai_server", {str(SERVER)!r})
openai_server = importlib.util.module_from_spec(spec)
sys.modules["openai_server"] = openai_server
spec.loader.exec_module(openai_server)


class CommonParams(SimpleNamespace):
    def __init__(self):
        super().__init__(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())


class Server:
    def __init__(self, params):
        with open(params.model.path, encoding="utf-8") as file:
            text = file.read().removeprefix("GGUF")
        if text == {DAMAGED!r}:
            print("E llama_model_load: model is corrupted or incomplete", file=sys.stderr, flush=True)
            raise RuntimeError("Failed to init server, please check the input params.")
        if text == {HANGS!r}:
            threading.Event().wait()
        assert params.hostnames == ["127.0.0.1"] and params.cors_origins == "" and params.ui is False
        assert params.cpuparams.n_threads == 1
        def stall(body):
            print("asked", file=sys.stderr, flush=True)
            return openai_server.Answer("", hang_s=60)
        server = openai_server.OpenAIServer(stall if text == {STALLS!r} else text, key=params.api_keys[0])
        server.models = [*params.model_alias]
        server.sizes = {{"/props": {{"default_generation_settings": {{"n_ctx": params.n_ctx}}}}}}
        server.__enter__()
        self.listening_address = server.url.removesuffix("/v1")
"""


def write_engine(folder: Path) -> Path:
    """The package, as pip would have unpacked it."""
    (folder / "xllamacpp").mkdir(parents=True)
    (folder / "xllamacpp" / "__init__.py").write_text(ENGINE, encoding="utf-8")
    return folder


def write_model(file: Path, says: str) -> Path:
    """A model file that answers so, or is DAMAGED, or HANGS while it is loaded, or STALLS at each call."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"GGUF{says}", encoding="utf-8")
    return file


def build_wheel(folder: Path, name: str, files: dict[str, str], *, tag: str = "py3-none-any") -> str:
    """Write the wheel `name` 1.0 with these files; what a lock says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    wheel, info = folder / f"{module}-1.0-{tag}.whl", f"{module}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: no-such-package\n",
        )
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
