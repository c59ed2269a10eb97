"""The first units of work are done in this process; workers are opened when they pay."""

import functools
import os
import threading
import time

import pytest

from mertk.experiment.executors import local, starting


@pytest.mark.parametrize(
    ("spent", "workers", "left", "pay"),
    [
        ([], 2, 100, False),
        ([(60, 60)], 2, 100, False),  # the first unit imports packages
        ([(60, 60), (1, 1)], 2, 6, False),  # saves 3 s
        ([(60, 60), (1, 1)], 2, 7, True),
        ([(60, 60), (1, 1), (0.1, 0.1), (0.1, 0.1)], 2, 7, False),
        ([(60, 60), (1, 1)], 8, 4, False),  # 4 of 8 workers have work
        ([(60, 60), (1, 1)], 8, 5, True),
        ([(60, 60), (1, 0.5)], 2, 12, False),  # half of the time goes to other programs
        ([(60, 60), (1, 0.5)], 2, 13, True),
        ([(60, 60), (1, 0)], 2, 25, True),  # it waits for a disk
    ],
)
def test_workers_pay_if_they_save_more_time_than_it_takes_to_open_them(spent, workers, left, pay):
    assert starting._do_workers_pay(spent, workers, left) is pay


def test_a_small_run_opens_no_worker(monkeypatch):
    monkeypatch.setattr(local, "_are_workers_open", lambda: False)
    found = list(local.Local(2, wait=True).run([os.getpid] * 30))
    assert found == [os.getpid()] * 30


def send_from(sent):
    """Stands in for workers: does units in the thread that sends them."""

    def send(units, stop=None):
        for unit in units:
            sent.append(threading.current_thread())
            yield unit()
            if stop and stop.is_set():
                raise InterruptedError

    return send


def test_units_are_sent_to_workers_once_they_pay(monkeypatch):
    monkeypatch.setattr(starting, "OPENING", 0.004)  # a busy machine makes it 0.016
    units = [functools.partial(time.sleep, 0.01)] * 3
    units += [functools.partial(pow, number, 2) for number in range(30)]
    sent = []
    found = list(starting.begin_here(units, 2, send_from(sent), pytest.fail))
    assert found == [None] * 3 + [number**2 for number in range(30)]
    assert 0 < len(sent) <= 31


def test_workers_are_opened_beside_a_long_unit(monkeypatch):
    monkeypatch.setattr(starting, "LONG", 0.05)
    others = threading.Event()
    units = [functools.partial(others.wait, 10), others.set, functools.partial(pow, 3, 2)]
    sent = []
    found = list(starting.begin_here(units, 2, send_from(sent), pytest.fail))
    assert found == [True, None, 9]
    assert threading.main_thread() not in sent
    assert len(sent) == 2


def fail_beside(others):
    others.wait(10)
    raise LookupError("no such clip")


def test_workers_end_if_the_long_unit_beside_them_fails(monkeypatch):
    monkeypatch.setattr(starting, "LONG", 0.05)
    others, killed = threading.Event(), threading.Event()
    units = [
        functools.partial(fail_beside, others),
        others.set,
        functools.partial(killed.wait, 10),
        functools.partial(pytest.fail, "it was not stopped"),
    ]
    with pytest.raises(LookupError, match="no such clip"):
        list(starting.begin_here(units, 2, send_from([]), killed.set))
    assert killed.is_set()


@pytest.mark.slow
def test_workers_are_processes_and_end_with_the_long_unit(monkeypatch):
    monkeypatch.setattr(starting, "LONG", 0.05)
    monkeypatch.setattr(local, "_are_workers_open", lambda: False)
    first = functools.partial(time.sleep, 3)
    found = list(local.Local(2, wait=True).run([first, os.getpid, os.getpid]))
    assert found[0] is None
    assert os.getpid() not in found
    stuck = [functools.partial(fail_soon, 3), *[functools.partial(time.sleep, 60)] * 2]
    start = time.perf_counter()
    with pytest.raises(LookupError):
        list(local.Local(2, wait=True).run(stuck))
    assert time.perf_counter() - start < 30
    assert set(local.Local(2).run([os.getpid] * 4)) - {os.getpid()}  # workers are there again


def fail_soon(seconds):
    time.sleep(seconds)
    raise LookupError("no such clip")
