"""Single steps in Python: the clips of a data set, and the features of a clip."""

from pathlib import Path

from mertk.core.clips import Clip, Streams
from mertk.core.errors import ParameterError
from mertk.core.recipe import Recipe, Use
from mertk.experiment.study import Study
from mertk.experiment.variants import choose_variant
from mertk.pipeline.pipeline import ClipState, build_pipeline
from mertk.plugins.loader import Plugins, load_plugins


def load_dataset(
    dataset: str | Use, data: Path | str | None = None, *, plugins: Plugins | None = None
) -> list[Clip]:
    """The clips of a data set; their frames are read when they are asked for.

    Examples:
        >>> clips = mertk.load_dataset("synthetic:subjects=2")
        >>> clips[0].uid, clips[0].record["label"]
        ('synthetic/s01/c01', 'positive')

    Args:
        dataset: its name, with parameters where it takes some: `"samm"`, `"synthetic:amplitude=3"`.
        data: its folder; default: as given to `mertk data add`.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        DataError: where the folder is unknown or holds no clip.
    """
    return Study(dataset=dataset, data=data).open(plugins=plugins).clips


def extract(clip: Clip, model: str | Recipe, *, plugins: Plugins | None = None) -> Streams:
    """The features that a model computes of one clip before anything is fitted.

    Examples:
        >>> clip = mertk.load_dataset("synthetic:subjects=2")[0]
        >>> mertk.extract(clip, "lbptop")["features"].shape
        (25, 48)

    Args:
        clip: one of `load_dataset`.
        model: a model (`"lbptop"`, `"ststnet:quick"`), a recipe file or a recipe.
        plugins: what `load_plugins` gave; default: the installed ones.

    Returns:
        Stream name → array `[regions, …]`; the stream of a single extractor is `features`.

    Raises:
        ParameterError: where the model has no extractor, or one that is fitted in each fold.
    """
    registry = (plugins or load_plugins()).registry
    pipeline = build_pipeline(registry, choose_variant(registry, model, 1).recipe)
    state = ClipState(footage=clip.footage)
    for stage in pipeline.prefix:
        state = stage.apply(state)
    if not state.streams:
        raise ParameterError(
            f"model '{model}' computes no features before {pipeline.inside[0].place}, which is "
            "fitted in each fold; choose a model whose extractor is not fitted"
        )
    return state.streams
