"""Progress by folds: they are counted in the ledger while their unit of work still runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mertk.core.progress import Progress
from mertk.storage.ledger import Run

_INTERVAL = 0.2  # seconds between two reads of the ledger

Count = Callable[[int, str], None]
"""Called with the seed and the name of a finished fold; a fold is counted once."""


@contextlib.contextmanager
def count_saved_folds(
    run: Run,
    folds: Sequence[tuple[int, str]],
    progress: Progress,
    describe: Callable[[int, str], str],
) -> Iterator[Count]:
    """Step once for each of these folds (seed, name) as soon as it is saved.

    `describe` gives the text of a step. Several folds may be one unit of work in another process,
    whose result comes after the last of them. A thread therefore looks for their files. It never
    calls `progress` at the same time as the caller of `Count`. Raises what `progress` raises.
    """
    left = {fold: run.saved_at(*fold) for fold in folds}
    lock, ended = threading.Lock(), threading.Event()

    def count(seed: int, name: str) -> None:
        with lock:
            if (seed, name) in left:
                del left[seed, name]
                progress.step(describe(seed, name))

    def poll() -> None:
        while not ended.wait(_INTERVAL):
            for fold, before in list(left.items()):
                if run.saved_at(*fold) not in (None, before):
                    count(*fold)

    with ThreadPoolExecutor(1) as thread:
        polling = thread.submit(poll)
        try:
            yield count
        finally:
            ended.set()
    polling.result()
