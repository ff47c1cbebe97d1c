"""Where runs work: on threads of this process, or in worker processes elsewhere, whose events come back to this one.

    RemoteRun (here) --submit(run_id, spec, after_seq)--> Executor --> work() in a worker: RunJob
         |  every event through the sinks of the run  <--events()--  its sink: RemoteSink
         '--confirmed, refused, cancel, pause, step--> answer()  -->

This process stays the only writer of the store. A worker waits for the confirmation of an event before a call is paid for, and wherever
an event may be refused: a budget that is spent, an arm that was stopped. It is told no key: its models read theirs from its environment.

protocol    what an executor is, and its messages     records     records as they travel
here:       remote_run  a run that works elsewhere    start       one start of it      remote_stepper  its pauses and steps
            dispatcher  whose message it is           turns       a model's limits, over all workers
there:      worker      a run as the worker does it   channel     what it sends and waits for
both:       learned     what servers refused          dask        workers of Dask distributed
"""
