import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
def tried(what, numbers, *arguments):
    number = numbers[0] if X86 else numbers[1]
    if libc.syscall(ctypes.c_long(number), *arguments) != -1:
        print("PWNED", what)
def reward(args, pred):
    tried("memfd_create", (319, 279), b"m", 0)
    tried("memfd_secret", (447, 447), 0)
    tried("shmget", (29, 194), 0, 1 << 20, 0o1600)
    tried("msgget", (68, 186), 0, 0o1600)
    tried("semget", (64, 190), 0, 1, 0o1600)
    tried("io_setup", (206, 0), 100, ctypes.byref(ctypes.c_long()))
    tried("io_uring_setup", (425, 425), 8, (ctypes.c_int * 40)())
    tried("userfaultfd", (323, 282), 1)
    tried("add_key", (248, 217), b"user", b"k", b"v", 1, -2)
    tried("swapon", (167, 224), b"f", 0)
    r, w = os.pipe()
    tried("vmsplice", (278, 75), w, 0, 0, 0)
    if libc.fcntl(w, 1031, 1 << 20) != -1:
        print("PWNED: F_SETPIPE_SZ")
    for path in ("/dev/shm/pwned", "/dev/shm/pwned2", "/run/shm/x", "/dev/mqueue/x", "/tmp/pwned", "/var/tmp/pwned"):
        try:
            open(path, "w").close()
            print("PWNED", path)
            os.unlink(path)
        except OSError:
            pass
    return 1.0
