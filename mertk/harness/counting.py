"""Progress of folds, counted in the ledger: the process that does them tells nobody else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mertk.harness.progress import Progress
    from mertk.ledger import Run

_EVERY = 0.2  # seconds between two looks


@contextlib.contextmanager
def count_saved_folds(
    run: Run, folds: Sequence[tuple[int, str]], watch: Progress
) -> Iterator[None]:
    """Step once for each of these folds (seed, name) as soon as it is saved.

    Several folds may be one unit of work, whose result comes when the last of them is done. `watch`
    is called from another thread, and from no other one meanwhile. Raises what `watch` raises.
    """
    before = {fold: run.saved_at(*fold) for fold in folds}
    ended = threading.Event()

    def look() -> None:
        for fold in list(before):
            if run.saved_at(*fold) not in (None, before[fold]):
                del before[fold]
                watch.step(fold[1])

    def look_again() -> None:
        while not ended.wait(_EVERY):
            look()

    with ThreadPoolExecutor(1) as thread:
        looking = thread.submit(look_again)
        try:
            yield
        finally:
            ended.set()
    looking.result()
    look()
