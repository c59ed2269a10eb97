"""Progress of folds, counted in the ledger while the unit of work that they belong to goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mertk.core.progress import Progress
    from mertk.storage.ledger import Run

_EVERY = 0.2  # seconds between two looks

Count = Callable[[int, str], None]
"""Is told the seed and the name of a fold that is done, and steps unless it was counted before."""


@contextlib.contextmanager
def count_saved_folds(
    run: Run, folds: Sequence[tuple[int, str]], watch: Progress
) -> Iterator[Count]:
    """Step once for each of these folds (seed, name) as soon as it is saved.

    Several folds may be one unit of work, on another process, whose result comes when the last of
    them is done: so a thread looks for their files. It and whoever calls `Count` never call `watch`
    at the same time. Raises what `watch` raises.
    """
    left = {fold: run.saved_at(*fold) for fold in folds}
    lock, ended = threading.Lock(), threading.Event()

    def count(seed: int, name: str) -> None:
        with lock:
            if (seed, name) in left:
                del left[seed, name]
                watch.step(name)

    def look() -> None:
        while not ended.wait(_EVERY):
            for fold, before in list(left.items()):
                if run.saved_at(*fold) not in (None, before):
                    count(*fold)

    with ThreadPoolExecutor(1) as thread:
        looking = thread.submit(look)
        try:
            yield count
        finally:
            ended.set()
    looking.result()
