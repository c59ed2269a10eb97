"""The list of checks, and running them, in one process or in several."""

import functools
import multiprocessing
import time
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from mertk.core.errors import MissingPackageError, describe_error
from mertk.core.printing import count_noun
from mertk.experiment.executors.workers import hold_interrupts
from mertk.plugins.loader import Plugins, load_plugins
from mertk.testing.checks import dataset, fusion, model, protocol, spotter, stage
from mertk.testing.checks.common import runs
from mertk.testing.component import Check, ComponentUnderTest, list_components
from mertk.testing.outcome import BrokenPromise, DoesNotApply, DoesNotRunError, Result, Verdict

CHECKS: Mapping[str, Sequence[Check]] = {
    "aligner": stage.ALIGNER,
    "roi": stage.ROI,
    "extractor": stage.EXTRACTOR,
    "fusion": fusion.CHECKS,
    "classifier": stage.CLASSIFIER,
    "spotter": spotter.CHECKS,
    "dataset": dataset.CHECKS,
    "protocol": protocol.CHECKS,
    "model": model.CHECKS,
}
"""The checks of each kind, in their order."""


def check_component(subject: ComponentUnderTest) -> list[Result]:
    """Every check of one component, and one that counts them."""
    found = [run_check(subject, check) for check in CHECKS[subject.kind]]
    return [*found, count_checks(subject, found)]


@functools.lru_cache(maxsize=64)
def run_check(subject: ComponentUnderTest, check: Check) -> Result:
    """One check of one component: never raises, whatever the component does; run once."""
    start = time.perf_counter()
    verdict, text = _judge_check(subject, check)
    return Result(
        kind=subject.kind,
        name=subject.entry.name,
        check=check.__name__,
        verdict=verdict,
        text=" ".join(text.split()),
        seconds=round(time.perf_counter() - start, 3),
    )


def count_checks(subject: ComponentUnderTest, results: Sequence[Result]) -> Result:
    """Fails where no check applies: nothing would be known of the component."""
    applying = [result.verdict for result in results if result.verdict != "does not apply"]
    return Result(
        kind=subject.kind,
        name=subject.entry.name,
        check="counted",
        verdict="passed" if applying else "failed",
        text=f"{len(applying)} of {count_noun(len(results), 'check')} apply",
    )


def _judge_check(subject: ComponentUnderTest, check: Check) -> tuple[Verdict, str]:
    try:
        with warnings.catch_warnings(action="ignore"):  # the same verdict wherever it is run
            check(subject)
    except DoesNotApply as reason:
        return "does not apply", str(reason)
    except BrokenPromise as error:
        if isinstance(error, DoesNotRunError) and check is not runs:
            return "does not apply", "it does not run: see the check `runs`"
        return "failed", str(error)
    except MissingPackageError as error:
        return "does not apply", f"not tried: {error}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a component may fail in any way, sys.exit() too
        return "failed", describe_error(error)
    return "passed", ""


def list_names(plugins: Plugins, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Kind and name of all that is registered and needs none of the packages `without`."""
    found = [one for one in list_components(plugins) if one.needs.isdisjoint(without)]
    return [(one.kind, one.entry.name) for one in found]


def check_all(
    plugins: Plugins, names: Sequence[tuple[str, str]], *, jobs: int
) -> Iterator[list[Result]]:
    """The results of components by kind and name, one after the other, in their order."""
    fresh = multiprocessing.get_context("spawn")  # a fork would inherit threads
    pool = ProcessPoolExecutor(jobs, mp_context=fresh)
    with hold_interrupts():
        results = pool.map(_check_by_name, [plugins.files] * len(names), names)
    try:
        yield from results
    except BaseException:
        for process in pool._processes.values():  # noqa: SLF001  there is no public way before 3.14
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _check_by_name(files: Sequence[str], name: tuple[str, str]) -> list[Result]:
    everything = list_components(load_plugins(tuple(files)))
    return check_component(next(one for one in everything if (one.kind, one.entry.name) == name))
