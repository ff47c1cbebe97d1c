"""The child process: llama.cpp's server on one model file, until standard input ends. It imports nothing of ours.

    stdin    {"engine": folder, "model": file, "alias": name, "key": …, "n_ctx": …}, one line; then its end means: stop
    stdout   {"address": "http://127.0.0.1:40905"} once the model is loaded, or {"error": …}
    stderr   llama.cpp's log

However the parent ends, the pipe ends with it, so no server is left behind.
"""

import json
import os
import sys
import threading
from importlib import import_module
from typing import Any


def main() -> None:
    """Serve."""
    settings = json.loads(sys.stdin.readline())

    def end_with_parent() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.path.insert(0, settings["engine"])
    try:
        server = serve(settings)
    except BaseException as error:  # noqa: BLE001  # the parent says it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)  # noqa: T201
        raise SystemExit(1) from None
    print(json.dumps({"address": server.listening_address}), flush=True)  # noqa: T201
    threading.Event().wait()


def serve(settings: dict[str, Any]) -> Any:
    """The server, listening: it returns once the model is loaded."""
    xllamacpp = import_module("xllamacpp")  # it is there only now

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one
    params.api_keys = [settings["key"]]
    params.cors_origins = ""  # no page of a browser may ask it
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False  # it would show what others asked
    params.offline = True
    params.n_ctx = settings["n_ctx"]
    params.n_parallel = 1
    params.n_threads_http = 4
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # two spin on small machines
    params.cache_ram_mib = 0  # llama.cpp would keep prompts in up to 8 GB
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
