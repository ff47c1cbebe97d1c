"""Runs in the workers of Dask distributed: a local cluster of processes, or one that is there already, by its scheduler's address.

    cluster        the app's side: tasks go out, events come in, answers go out (topics)
    task           a worker's side: what Dask runs
    local_process  the process of a cluster on this machine, as the app sees it      local  what that process does

Only `cluster`, `task` and `local` import distributed (pip install "refinescope[dask]"), and only where Dask was chosen.
"""
