import os
PLACES = ["@CHECKOUT@", "@WORK@", "@DATA@", "@HOME@", "/proc/self/environ", "/proc/%d/environ" % os.getppid(),
          "/etc/passwd", "/etc/shadow", "/tmp", "/root", "/home", "/var/log"]
NAMES = ["", ".env", ".streamlit/secrets.toml", "store.db", "refine_core/errors.py", "tests/sandbox.py", "README.md",
         "refine_core/rewards/../../.env", ".venv/../.env", ".venv/lib/../../.env"]
def reward(args, pred):
    for place in PLACES:
        for name in NAMES:
            path = os.path.join(place, name) if name else place
            for how in (lambda p: open(p).read(), os.listdir, lambda p: list(os.scandir(p)),
                        lambda p: os.read(os.open(p, os.O_RDWR), 99), lambda p: os.open(p, os.O_WRONLY | os.O_CREAT),
                        lambda p: os.open(p, 3), lambda p: os.link(p, "stolen"), lambda p: os.rename(p, "stolen")):
                try:
                    print("PWNED", path, how(path))
                except OSError:
                    pass
    return 1.0
