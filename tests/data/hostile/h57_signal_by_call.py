import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()
X86 = os.uname().machine == "x86_64"
def tried(what, *numbers_and_arguments):
    (x86, arm), *arguments = numbers_and_arguments
    number = x86 if X86 else arm
    if number is not None and libc.syscall(ctypes.c_long(number), *arguments) != -1:
        print("PWNED", what)
def reward(args, pred):
    for pid in (PARENT, 0, -1, 1, -PARENT, PARENT | 1 << 32):
        pid = ctypes.c_long(pid)
        tried("kill", (62, 129), pid, 23)
        tried("tgkill", (234, 131), pid, pid, 23)
    tried("tkill", (200, 130), PARENT, 23)
    info = (ctypes.c_int * 32)(23, 0, -1)
    tried("rt_sigqueueinfo", (129, 138), PARENT, 23, info)
    tried("rt_tgsigqueueinfo", (297, 240), PARENT, PARENT, 23, info)
    tried("pidfd_open", (434, 434), PARENT, 0)
    tried("pidfd_open self", (434, 434), os.getpid(), 0)
    event = (ctypes.c_int * 16)(0, 0, 23, 4, PARENT)
    tried("timer_create", (222, 107), 0, event, ctypes.byref(ctypes.c_int()))
    tried("mq_open", (240, 180), b"/q", 66, 0o600, None)
    tried("ptrace", (101, 117), 16, PARENT, 0, 0)
    tried("process_vm_writev", (311, 271), PARENT, 0, 0, 0, 0, 0)
    tried("kcmp", (312, 272), PARENT, PARENT, 0, 0, 0)
    tried("x32 kill", (0x40000000 | 62, None), PARENT, 23)
    tried("clone with a signal", (56, 220), 23, 0, 0, 0, 0)
    tried("fork", (57, None))
    tried("vfork", (58, None))
    return 1.0
