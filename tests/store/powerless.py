"""Root may write everywhere; without these two powers it may write what anybody in its place might."""

import ctypes

VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2


def drop_powers() -> None:
    """From here on file modes hold for this thread, and for those that it starts, also if it is root's. Linux only."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    sets[0] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
