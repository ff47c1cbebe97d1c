"""Threads, event loops and cancellation: everything that waits, for sync and async callers alike.

cancellation   Cancel: a latch that ends every wait under it
background     work in a thread of its own, with a count and an end
time_limit     a Cancel that sets itself after some seconds
flows          a Flow: an operation written once, as a generator of effects; its two drivers, `run` and `arun`
effects        what a flow may ask for: a call of code that is not ours, a pause, a result, several flows at once
threads        sync code for async callers, and the other way round
overriding     a user's own method and its async twin
pools          many calls at once, in order, until one of them stops the rest
progress       the progress bar of a pool
"""
