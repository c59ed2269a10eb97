"""Decide when to start worker processes: the first units of work are done here, and timed."""

import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
Unit = Callable[[], T]
Send = Callable[[Sequence[Unit[T]], threading.Event], Iterator[T]]
"""Does units in worker processes; gives no more results once the event is set."""

OPENING = 3.0  # seconds until new workers have started and imported what they need
LONG = 10.0  # seconds of one unit after which workers are opened beside it
_BUSIEST = 4.0


def begin_here(
    units: Sequence[Unit[T]], workers: int, send: Send[T], kill: Callable[[], None]
) -> Iterator[T]:
    """The results as they end; the units that are left when workers pay are sent to them.

    Args:
        units: the units of work.
        workers: how many workers could be opened.
        send: opens them.
        kill: ends them in the middle of their work.
    """
    left, spent = list(reversed(units)), list[tuple[float, float]]()
    while left:
        if _do_workers_pay(spent, workers, len(left)):
            yield from send(left[::-1], threading.Event())
            return
        unit, start, cpu = left.pop(), time.perf_counter(), time.process_time()
        with _Beside(left[::-1], send, kill) as beside:
            found = unit()
        spent.append((time.perf_counter() - start, time.process_time() - cpu))
        yield found
        if beside.sent:
            yield from beside.results()
            return


def _do_workers_pay(spent: Sequence[tuple[float, float]], workers: int, left: int) -> bool:
    """Whether `workers` save more time than they need to start.

    Args:
        spent: the seconds and CPU seconds of each finished unit. The first one does not count, as
            it imports packages.
        workers: how many workers there would be.
        left: how many units are left.
    """
    if len(spent) < 2:
        return False
    seconds, cpu = map(statistics.fmean, zip(*spent[1:], strict=True))
    busy = min(max(seconds / max(cpu, 1e-9), 1.0), _BUSIEST)  # other programs delay workers, too
    return seconds * left * (1 - 1 / min(workers, left)) > OPENING * busy


class _Beside(Generic[T]):
    """Sends units to workers once the block takes long; they are ended if the block fails."""

    def __init__(self, units: Sequence[Unit[T]], send: Send[T], kill: Callable[[], None]) -> None:
        self.sent = False
        self._units, self._send, self._kill = units, send, kill
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._found: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._timer = threading.Timer(LONG, self._send_units)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if len(self._units) > 1:
            self._timer.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        with self._lock:
            self._timer.cancel()
            if not self.sent:
                self._stopped.set()
        if error is not None and self.sent:
            self._stop()

    def _stop(self) -> None:
        """End the workers."""
        self._stopped.set()
        self._kill()

    def _send_units(self) -> None:
        """Called in a thread of its own."""
        with self._lock:
            if self._stopped.is_set():
                return
            self.sent = True
        try:
            for found in self._send(self._units, self._stopped):
                self._found.put(("found", found))
            self._found.put(("end", None))
        except BaseException as error:  # noqa: BLE001  raised again where results are read
            self._found.put(("error", error))

    def results(self) -> Iterator[T]:
        """What the workers give, as it comes."""
        ended = False
        try:
            while (one := self._found.get())[0] == "found":
                yield one[1]
            ended = True
            if one[0] == "error":
                raise one[1]
        finally:
            if not ended:
                self._stop()
