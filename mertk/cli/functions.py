"""The commands as functions of Python: each has the options of its command, and its defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.errors import MertkError, StorageError
from mertk.core.options import split_options
from mertk.core.progress import Progress, Silent
from mertk.core.recipe import Recipe, Use
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study, as_use
from mertk.plugins.loader import Plugins, load_plugins

if TYPE_CHECKING:
    from mertk.audit import Audit
    from mertk.evaluation.comparison import Comparison
    from mertk.evaluation.results import Results
    from mertk.experiment.trained_model import TrainedModel
    from mertk.spotting.predicted_video import IntervalPictures, PredictedVideo

RUNS = Path("runs")


def audit_model(
    model: str | Recipe,
    *,
    probes: Sequence[str] = (),
    quick: bool = False,
    seed: int = 0,
    runs: Path | str = RUNS,
    jobs: int | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Audit:
    """Test a model for data leaks, as `mertk audit` does.

    Args:
        model: a model's name, a recipe file or a recipe.
        probes: which of `perturbation`, `noise`, `permuted`, `identity`, `dataset`; default: all.
        quick: use fewer clips and perturb one fold.
        seed: random seed.
        runs: folder of runs, whose reports show the verdict.
        jobs: probes to run in parallel; default: one per core.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps.
        **options: `device`, and fields of `Study`: `dataset`, `data`, `protocol`, `preset`, `sets`,
            `swaps`, `tunes`, `exclude`, `replay`.

    Returns:
        The audit: `outcome` is `passed`, `leak` or `inconclusive`, `verdicts` has one a probe.

    Raises:
        MertkError: with one line on what was given, what is known and what to do.
    """
    from mertk.audit import PROBES, audit, case_of
    from mertk.experiment.executors.local import count_cores
    from mertk.storage import audit_record
    from mertk.storage.atomic_files import check_file

    plugins = plugins or load_plugins()
    case = case_of(plugins, model, quick=quick, seed=seed, **options)
    stamped = Path(runs), plugins.registry, Recipe.from_json(case.recipe)
    if not case.replay:
        check_file(audit_record.file_of(*stamped))
    found = audit(
        case,
        probes=probes or PROBES,
        folds=1 if quick else 2,
        jobs=jobs or count_cores(),
        progress=progress,
    )
    if not case.replay:
        audit_record.write_record(*stamped, found.to_json())
    return found


def train_model(
    model: str | Recipe,
    *,
    out: Path | str | None = None,
    seed: int = 0,
    runs: Path | str = RUNS,
    device: str = "cpu",
    plugins: Plugins | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> TrainedModel:
    """Fit a model on all clips of all subjects, as `mertk train` does; this measures no score.

    Args:
        model: a model's name, a recipe file, a run folder or a recipe.
        out: folder to write for `predict_videos`; default: nothing is written.
        seed: random seed.
        runs: folder of runs of `bench`, whose scores go into the model card.
        device: device of networks: `cpu`, `cuda`, `cuda:1`.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps.
        **options: fields of `Study`: `dataset`, `data`, `protocol`, `preset`, `sets`, `swaps`,
            `tunes`, `exclude`, `allow_mismatch`.

    Returns:
        The fitted model; `predict(footage)` gives the probabilities of one clip.

    Raises:
        MertkError: with one line on what was given, what is known and what to do.
    """
    from mertk.experiment import trained_model
    from mertk.nn import training
    from mertk.storage.atomic_files import check_folder

    if out is not None:
        check_folder(Path(out), trained_model.KIND)
    plugins = plugins or load_plugins()
    execution = Execution(out=Path(runs), device=device)
    training.use_device(execution.device)
    (given,) = split_options(options, Study)
    study = Study(models=[model], **{"floors": False, **given})
    opened = study.open(execution, plugins=plugins, progress=progress)
    found = trained_model.train_model(opened, seed)
    if out is not None:
        found.save(Path(out), plugins)
    return found


def predict_videos(
    model: TrainedModel | Path | str,
    *videos: Path | str,
    onset: int | None = None,
    apex: int | None = None,
    offset: int | None = None,
    whole: bool = False,
    fps: float | None = None,
    spotter: str | Use = "flow_peaks",
    aligner: str | Use = "eye_similarity",
    face: str | None = None,
    strength: float = 1.0,
    least: float = 0.0,
    shifts: int = 4,
    trust: Sequence[str] = (),
    pictures: IntervalPictures | None = None,
    on_error: Callable[[Path, MertkError], None] | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Iterator[PredictedVideo]:
    """Spot and classify the expressions in videos, as `mertk predict` does.

    There is one result a video; if `face` is `all`, one a person in it.

    Args:
        model: the folder of a trained model, or what `train_model` gave.
        videos: video files, folders of frames, `.npy` files of frames, and tables such as
            `index.csv`, whose rows are intervals.
        onset: first frame of the expression, counted from 0; turns spotting off.
        apex: frame of the strongest expression; default: the middle.
        offset: last frame of the expression; default: the last frame of the video.
        whole: classify each whole video as one expression.
        fps: frames per second, of footage that does not say it.
        spotter: the spotter that finds the expressions.
        aligner: the aligner that finds the face.
        face: whose face, of several people: `largest`, `left`, `right`, `all` or a number from 1.
        strength: least motion of an expression, as a multiple of the spotter's threshold.
        least: least probability of the predicted class; below it is 'no expression'.
        shifts: small shifts of the face crop that are predicted again, for the stability.
        trust: modules or packages that the model may import, which runs their code.
        pictures: reads pictures of the intervals; default: none are read.
        on_error: takes a video that cannot be read, and the error; the next video follows.
            Default: the error is raised.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps.

    Raises:
        DataError: where a video cannot be read, or shows no face.
        StorageError: where the folder holds no sound model.
    """
    from mertk.experiment.model_hub import open_model_folder
    from mertk.experiment.trained_model import TrainedModel
    from mertk.spotting.checked_spots import build_spotter
    from mertk.spotting.people_tracking import parse_face
    from mertk.spotting.predicted_video import predict_clips, predict_interval_of, predict_video

    plugins, progress = plugins or load_plugins(), progress or Silent()
    if not isinstance(model, TrainedModel):
        with open_model_folder(model) as folder:
            model = TrainedModel.load(folder, plugins, trust)
    registry, at = plugins.registry, (onset, apex, offset)
    face = None if face is None else parse_face(face)
    finder = build_spotter(registry, str(as_use(spotter)))
    tracker = registry.build("aligner", as_use(aligner))
    whose = None if face is None else (tracker, face)
    common: dict[str, Any] = {"least": least, "shifts": shifts, "pictures": pictures}
    for video in map(Path, videos):
        try:
            if video.suffix.lower() in (".csv", ".xlsx"):
                rate = {} if fps is None else {"fps": fps}
                reader = registry.build("dataset", Use("folder", labels=False, **rate))
                yield from predict_clips(
                    model, reader.index(video), progress, whose=whose, **common
                )
            elif whole or at != (None, None, None):
                yield from predict_interval_of(
                    model, video, progress, at=at, fps=fps, whose=whose, **common
                )
            else:
                yield from predict_video(
                    model,
                    video,
                    progress,
                    spotter=finder,
                    aligner=tracker,
                    face=face,
                    fps=fps,
                    strength=strength,
                    **common,
                )
        except MertkError as error:
            if on_error is None or isinstance(error, StorageError):  # no other video will do better
                raise
            on_error(video, error)


def compare_runs(
    *runs: Path | str,
    out: Path | str | None = None,
    partial: bool = False,
    plugins: Plugins | None = None,
) -> list[Comparison]:
    """Test every pair of models, on one or several sets of clips, as `mertk compare` does.

    Examples:
        >>> (comparison,) = mertk.compare_runs("runs")
        >>> min(comparison.ranks, key=comparison.ranks.get)
        'flow_ridge'

    Args:
        runs: run folders, or folders of them.
        out: folder for compare.html, its figures and tables; default: nothing is written.
        partial: also compare unfinished runs, on the clips that all runs have predicted.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        StorageError: where no set of clips has two models.
    """
    from mertk.evaluation import comparison
    from mertk.report.comparison import FILES, write_comparison
    from mertk.storage.atomic_files import check_files

    if out is not None:
        check_files(Path(out), FILES)
    paths = list(map(Path, runs))
    found = comparison.compare_runs(paths, plugins or load_plugins(), partial=partial)
    if out is not None:
        write_comparison(found, Path(out))
    return found


def write_report(
    results: Results,
    out: Path | str | None = None,
    *,
    frames: bool | None = None,
    occlusion: int = 0,
    plugins: Plugins | None = None,
) -> Path:
    """Write the page of results, as `mertk report` does, and give its path.

    Examples:
        >>> mertk.write_report(results, "page.html").name
        'page.html'

    Args:
        results: of one set of clips.
        out: file to write; default: report.html in the folder of the runs.
        frames: include frames of clips; default: only of synthetic clips.
        occlusion: draw occlusion maps for this many clips with the largest errors; fits their folds
            again.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        StorageError: where a file is there that mertk did not write.
    """
    from mertk.experiment.held_out_clips import read_held_out_clips
    from mertk.report.page import write_page
    from mertk.storage.atomic_files import check_file

    plugins = plugins or load_plugins()
    file = results.runs[0].path.parent / "report.html" if out is None else Path(out)
    check_file(file)
    held_out = read_held_out_clips(results, plugins, frames=frames, occlusion=occlusion)
    return write_page(results, file, plugins, held_out)
