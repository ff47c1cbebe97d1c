import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
# What changes the machine, or others, and has no business here; by number on x86-64 and on arm64.
CALLS = {"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
         "chroot": (161, 51), "fsopen": (430, 430), "open_tree": (428, 428), "move_mount": (429, 429), "mount_setattr": (442, 442),
         "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
         "inotify_init1": (294, 26), "perf_event_open": (298, 241), "bpf": (321, 280), "keyctl": (250, 219),
         "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "personality": (135, 92), "syslog": (103, 116),
         "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162), "init_module": (175, 105),
         "quotactl": (179, 60), "acct": (163, 89), "sync": (162, 81), "syncfs": (306, 267), "settimeofday": (164, 170),
         "clock_settime": (227, 112), "adjtimex": (159, 171), "setuid": (105, 146), "setgid": (106, 144),
         "setresuid": (117, 147), "setgroups": (116, 159), "setsid": (112, 157), "capset": (126, 91),
         "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "fchownat": (260, 54),
         "utimensat": (280, 88), "setxattr": (188, 5), "mknodat": (259, 33), "truncate": (76, 45), "fallocate": (285, 47),
         "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "sendmsg": (46, 211),
         "sendmmsg": (307, 269), "setsockopt": (54, 208), "splice": (275, 76), "tee": (276, 77),
         "mlockall": (151, 230), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
         "execve": (59, 221), "execveat": (322, 281), "pidfd_getfd": (438, 438), "process_mrelease": (448, 448),
         "lookup_dcookie": (212, 18), "vhangup": (153, 58), "swapoff": (168, 225), "kexec_load": (246, 104),
         "remap_file_pages": (216, 234), "set_mempolicy": (238, 237), "mbind": (237, 235), "openat2": (437, 437)}
def reward(args, pred):
    for name, numbers in CALLS.items():
        number = numbers[os.uname().machine != "x86_64"]
        if number is not None:
            ctypes.set_errno(0)
            done = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6)
            if done != -1 or ctypes.get_errno() not in (1, 38):
                print("PWNED", name, done, ctypes.get_errno())
    for option in (1, 4, 8, 14, 22, 28, 29, 33, 35, 36, 38, 41, 47, 53, 55, 59, 0x59616D61):
        if libc.prctl(option, 0, 0, 0, 0) != -1:
            print("PWNED prctl", option)
    return 1.0
