"""How a study is run: none of it changes a number, but for the device in the last digits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mertk.core.options import option
from mertk.core.reading import real_path
from mertk.nn.training import check_device
from mertk.storage.cache import Cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How a study is run. Never part of a run's identity."""

    jobs: int | None = option(
        None, help="Worker processes. Default: one per core that may be used.", least=1
    )
    executor: str = option(
        "local",
        metavar="local|dask|dask://HOST:PORT",
        help="Local processes, dask's on this machine, or a dask cluster of your own.",
    )
    device: str = option("cpu", metavar="cpu|cuda|cuda:N|auto", help="Where networks are trained.")
    out: Path | str = option("runs", help="The folder for run folders and report.html.")
    cache: Path | str | None = option(
        None, hidden=True, help="The folder of cached features. Default: the user's cache folder."
    )
    fresh: bool = option(
        False,
        names=("--fresh/--resume",),
        help="Run finished folds and compute features again, or keep both.",
    )
    together: bool = option(
        True,
        off=("--one-by-one", "Fit each fold by itself, also where several can be fitted at once."),
        help="Fit several folds at once where a component offers it.",
    )

    def __post_init__(self) -> None:
        """Refuse a device that there is not, before any work."""
        check_device(self.device)

    @property
    def workers(self) -> int:
        """How many worker processes there are."""
        from mertk.experiment.executors.local import cores

        return self.jobs or cores()

    @property
    def runs_folder(self) -> Path:
        """The folder of run folders; absolute, as a worker may stand in another folder."""
        return real_path(self.out)

    @property
    def cache_folder(self) -> Path:
        """The folder of cached features; absolute."""
        return real_path(Cache(Path(self.cache) if self.cache else None).root)
