"""Runs in the workers of Dask distributed: a local cluster of processes, or one that is there already, by its scheduler's address.

    cluster  the app's side: tasks go out, events come in (topics), answers go out (queues)
    task     a worker's side: what Dask runs

Only `cluster` and `task` import distributed (pip install "refinescope[dask]"), and only where Dask was chosen.
"""
