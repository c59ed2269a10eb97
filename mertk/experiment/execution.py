"""How a study is run. It changes no score; the device may change the last digits."""

from dataclasses import dataclass
from pathlib import Path

from mertk.core.options import HOW, OUTPUT, option
from mertk.core.reading import real_path
from mertk.nn.training import check_device
from mertk.storage.cache import Cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How a study is run. Never part of a run's identity."""

    jobs: int | None = option(
        None,
        group=HOW,
        help="Number of workers. Default: one process per available core, once the first units of "
        "work show that processes save time; 32 SLURM jobs at a time.",
        least=1,
    )
    executor: str = option(
        "local",
        group=HOW,
        metavar="local|dask|dask://HOST:PORT|slurm[:KEY=VALUE,…]",
        help="Local processes, dask processes on this machine, a dask cluster, SLURM jobs, or an "
        "executor of a plug-in.",
    )
    device: str = option(
        "cpu", group=HOW, metavar="cpu|cuda|cuda:N|auto", help="Device for training networks."
    )
    out: Path | str = option("runs", group=OUTPUT, help="Folder for run folders and report.html.")
    cache: Path | str | None = option(
        None, hidden=True, help="The folder of cached features. Default: the user's cache folder."
    )
    fresh: bool = option(
        False,
        group=HOW,
        names=("--fresh/--resume",),
        help="Run finished folds and compute cached features again, or keep them.",
    )
    together: bool = option(
        True,
        group=HOW,
        off=("--one-by-one", "Fit each fold separately, even if several can be fitted at once."),
        help="Fit several folds at once if a component offers it.",
    )

    def __post_init__(self) -> None:
        """Refuse an unknown device before any work."""
        check_device(self.device)

    @property
    def runs_folder(self) -> Path:
        """The folder of run folders; absolute, as a worker may stand in another folder."""
        return _make_absolute(Path(self.out))

    @property
    def cache_folder(self) -> Path:
        """The folder of cached features; absolute."""
        return _make_absolute(Cache(Path(self.cache) if self.cache else None).root)


def _make_absolute(path: Path) -> Path:
    """The absolute path; one that begins with `~` is kept, as writing to it is refused."""
    return path if path.parts and path.parts[0].startswith("~") else real_path(path)
