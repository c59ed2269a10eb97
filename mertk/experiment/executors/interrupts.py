"""Ctrl-C reaches the main process alone, which ends its workers and says one line."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker


@contextlib.contextmanager
def hold_interrupts() -> Iterator[None]:
    """Processes and threads that are started in here never hear Ctrl-C.

    A terminal sends it to every process of a command: each worker would print a traceback. They
    inherit that it is blocked. One that is pressed meanwhile takes effect at the end. On Windows,
    which has no such mask, nothing is done.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from joblib.externals.loky.backend import resource_tracker as tracker_of_joblib

    for tracker in (resource_tracker, tracker_of_joblib):
        tracker.ensure_running()  # when it starts, it takes the block away
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
