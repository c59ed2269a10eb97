"""Whether a study can run: its models, components, data sets and folders, before any frame."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mertk.core.errors import DataError
from mertk.core.offers import needs_folder
from mertk.experiment.study import Study
from mertk.plugins.loader import Plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCheck:
    """What a study would run, and what it lacks.

    Args:
        models: the names of all models and variants, the floors among them.
        protocol: the protocol.
        datasets: the data sets.
        folders: the known folders by data set.
        clips: the number of clips, where the annotations of all data sets could be read.
        folds: the number of folds, likewise.
        problems: what must be mended before it can run.
    """

    models: Sequence[str]
    protocol: str
    datasets: Sequence[str]
    folders: Mapping[str, str]
    clips: int | None
    folds: int | None
    problems: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The check as text, the problems last."""
        found = [
            f"models ({len(self.models)}): {', '.join(self.models)}",
            f"protocol: {self.protocol}",
            f"data sets: {', '.join(self.datasets)}",
        ]
        if self.clips is not None:
            found.append(f"clips: {self.clips} in {self.folds} folds")
        found += [f"problem: {one}" for one in self.problems]
        return [*found, "The study cannot run yet." if self.problems else "The study can run."]


def check_study(study: Study, plugins: Plugins) -> StudyCheck:
    """Find everything that a study names.

    Raises `MertkError` for a name that is not registered and a change that has no place; a folder
    that is not known is a problem of the check.
    """
    opened = study.open(plugins=plugins)
    registry, folders, problems = opened.registry, opened.absolute_folders, []
    for use in opened.datasets:
        if needs_folder(registry.build("dataset", use)) and use.name not in folders:
            problems.append(
                f"no folder is known for {use.name}; `mertk data add {use.name} FOLDER`"
            )
    clips = folds = None
    synthetic = False
    if not problems:
        try:
            task = opened.label(opened.clips)
            clips, folds, synthetic = len(task.clips), len(task.splits), task.synthetic
        except DataError as error:
            problems.append(" ".join(str(error).split()))
    return StudyCheck(
        models=[variant.name for variant in opened.choose_variants(synthetic=synthetic)],
        protocol=str(opened.protocol),
        datasets=list(map(str, opened.datasets)),
        folders=folders,
        clips=clips,
        folds=folds,
        problems=problems,
    )
