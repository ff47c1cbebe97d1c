import ctypes, os, _thread, time
libc = ctypes.CDLL(None, use_errno=True)
def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass
def swap():
    while True:
        for one, other in (("a", "b"), ("b", "c"), ("c/x", "x"), ("x", "a/x"), ("l", "m")):
            tried(os.rename, one, other)
            libc.renameat2(-100, one.encode(), -100, other.encode(), 2)
            tried(os.mkdir, one)
def reward(args, pred):
    for n in range(40):
        tried(os.mkdir, os.fsencode(f"{n}") + b"\xff" * 250)
        tried(os.mkdir, os.fsencode(f"{n}") + b"\xff" * 250 + b"/" + b"\n" * 255, 0o1000)
        tried(lambda: os.close(os.open(f"file{n}", os.O_CREAT, 0)))
    open("l", "w").close()
    tried(os.link, "l", "hard")
    tried(os.symlink, "loop", "loop")
    tried(os.mkfifo, "fifo")
    tried(os.mknod, "node")
    libc.renameat2(-100, b"l", -100, b"m", 4)
    for n in range(3):
        tried(os.link, "@HOME@/.secret_token", f"secret{n}")
        tried(os.link, os.__file__, f"os{n}")
    for name in "abc":
        os.makedirs(f"{name}/x")
    os.chdir("a/x")
    held = [os.open(".", os.O_RDONLY), os.open("..", os.O_PATH)]
    _thread.start_new_thread(swap, ())
    _thread._count = lambda: 0
    time.sleep(0.05)
    return 1.0
