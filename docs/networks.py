"""Makes the table of all networks: `python docs/networks.py` writes docs/reference/networks.md.

Each network is built for a synthetic clip, as its preset asks, and its weights are counted. What
the authors have stands in docs/networks.toml, with its source.
"""

from __future__ import annotations

import importlib.util
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import mertk
from mertk.core.splits import Split
from mertk.nn import classifier, training
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.fold import FoldFit, LabelledClips, fit_stages
from mertk.pipeline.pipeline import build_pipeline
from mertk.report import reference_pages
from mertk.storage.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mertk import Recipe
    from mertk.pipeline.pipeline import ClipState, Pipeline
    from mertk.plugins.registry import Entry

DOCS = Path(__file__).parent
PAGE = DOCS / "reference" / "networks.md"
REGISTRY = mertk.load_plugins().registry
CLASSES = ("negative", "positive", "surprise")
OPENFACE_AUS = 17  # with an intensity
HEAD = """\
# Networks

All models that contain a network, with their presets. `python docs/networks.py` makes this page.

- **Input** is what the first network is handed of a synthetic clip of 16 frames, stream by stream.
  Axes are [regions, (frames,) channels, height, width]; patches have an axis of their own.
- **Weights** are counted in the network as it is built for three classes. *Frozen* ones are not
  trained.
- **Verified** is *equal* where our weights were counted against the authors' code at that commit,
  *calculated* where they follow from layers that the source names, *unverified* where there is no
  source for a number, *own* where the model is ours. Presets `quick` and `motion` stand for no
  original.

"""
COLUMNS = (
    "model",
    "input",
    "weights",
    "training",
    "authors' input",
    "authors' weights",
    "authors' training",
    "source",
    "verified",
)


def make_page() -> str:
    """The page as Markdown."""
    authors = tomllib.loads((DOCS / "networks.toml").read_text("utf-8"))
    rows = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    old = {line.split("`")[1]: line for line in _read_rows()}
    with tempfile.TemporaryDirectory() as folder:
        for entry in find_networks():
            known = authors[entry.name]
            for preset, recipe in entry.presets.items():
                if _lacks_package(recipe):  # an extra, such as transformers: its row stays
                    rows.append(old[f"{entry.name}:{preset}"])
                    continue
                told = known.get("presets", {}).get(preset, {})
                ours = [f"`{entry.name}:{preset}`", *describe_network(recipe, Path(folder))]
                theirs = [str(told.get(key, "–")) for key in ("input", "weights", "training")]
                ours_alone = preset in ("quick", "motion") and known["verified"] != "own"
                verified = "–" if ours_alone else known["verified"]
                cells = [*ours, *theirs, known["source"], verified]
                rows.append(f"| {' | '.join(cells)} |")
    return HEAD + "\n".join(rows) + "\n"


def _read_rows() -> list[str]:
    """The rows of the page as it is, without its heads."""
    return [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]


def _lacks_package(recipe: Recipe) -> bool:
    asked = any(use.name == "videomae" for use in recipe.extractors.values())
    return asked and importlib.util.find_spec("transformers") is None


def find_networks() -> list[Entry]:
    """The models that have a component that needs torch, in a preset."""
    return [entry for entry in REGISTRY if entry.kind == "model" and _needs_torch(entry)]


def _needs_torch(entry: Entry) -> bool:
    recipes = [entry.target, *entry.presets.values()]
    return any("torch" in reference_pages.list_model_needs(one, REGISTRY) for one in recipes)


def describe_network(recipe: Recipe, cache: Path) -> tuple[str, str, str]:
    """Input, number of weights and training of a recipe's networks, with random weights."""
    for place, use in recipe.places().items():
        parameters = REGISTRY.get(place.partition(".")[0], use.name).parameters()
        if "pretrained" in parameters:  # as many, without a download
            recipe = recipe.set(f"{place}.pretrained", value=False)
        if use.params.get("method") == "tvl1":  # of the same shape, in a hundredth of the time
            recipe = recipe.set(f"{place}.method", "farneback")
    pipeline = build_pipeline(REGISTRY, recipe)
    state = _load_state(recipe, pipeline, cache)
    _build_networks(pipeline, state)
    counts = [f"{sum(found):,}" for found in _list_counts(pipeline) if found]
    trained = [_describe_training(stage.component) for stage in pipeline.inside if stage.learns]
    for use in filter(_is_frozen, recipe.extractors.values()):
        size = use.params.get(
            "size", REGISTRY.get("extractor", use.name).parameters()["size"].default
        )
        frames = use.params.get("frames", 16) if use.name == "videomae" else 0
        seen = f"{frames} frames" if frames else "onset and apex"
        return f"{seen}, 3x{size}x{size}", f"{count_frozen(use):,} frozen", "–"
    return _list_shapes(state), " + ".join(counts), "; then ".join(filter(None, trained))


def _list_shapes(state: ClipState) -> str:
    """The shapes of a clip's streams, those of regions together."""
    by_shape: dict[str, list[str]] = {}
    for name, array in state.streams.items():
        by_shape.setdefault("x".join(map(str, array.shape)), []).append(name)
    parts = []
    for shape, names in by_shape.items():
        if len(names) > 1:
            parts.append(f"{len(names)} regions {shape}")
        else:
            parts.append(f"{names[0]} {shape}".removeprefix("features "))
    return "; ".join(parts)


def _load_state(recipe: Recipe, pipeline: Pipeline, cache: Path) -> ClipState:
    use = mertk.Use("synthetic", subjects=1, clips=1)
    clip = REGISTRY.build("dataset", use).index(None)[0]
    if any(one.name == "precomputed" for one in recipe.extractors.values()):
        given = {"au": np.zeros((1, len(clip.footage.frames), OPENFACE_AUS), np.float32)}
        clip = replace(clip, footage=replace(clip.footage, features=given))
    return load_clip_state(pipeline, PrefixKeys.of(REGISTRY, recipe, pipeline), Cache(cache), clip)


def _build_networks(pipeline: Pipeline, state: ClipState) -> None:
    """Build what learns, without training: all clips have one label, so nothing can be learnt."""
    sample = LabelledClips(
        uids=["a", "b"],
        people=np.array(["p/a", "p/b"]),
        labels=np.zeros(2, np.int64),
        classes=CLASSES,
    )
    split = Split("all clips", np.arange(2), np.arange(0))
    fit_stages(pipeline, FoldFit(sample, split, 0), [state, state], [])


def _list_counts(pipeline: Pipeline) -> Iterator[list[int]]:
    """By stage the numbers of weights of its networks."""
    for stage in pipeline.inside:
        found = []
        for value in vars(stage.component).values():
            several = value.values() if isinstance(value, dict) else [value]
            found += [_count(one.module) for one in several if isinstance(one, training.Trained)]
        yield found


def _count(module: Any) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _is_frozen(use: mertk.Use) -> bool:
    return "pretrained" in REGISTRY.get("extractor", use.name).parameters()


def count_frozen(use: mertk.Use) -> int:
    """The weights of the network that an extractor applies."""
    known = REGISTRY.get("extractor", use.name).parameters()
    if use.name == "videomae":
        # an extra, which may not be installed
        from transformers import VideoMAEConfig, VideoMAEModel  # noqa: PLC0415  as said above

        from mertk_plugins.extractors._videomae_net import create_network  # noqa: PLC0415  as said above

        if "frames" not in use.params:  # the network of the hub, VideoMAE-Base
            return _count(VideoMAEModel(VideoMAEConfig()))
        asked = {"frames": use.params["frames"], "size": use.params["size"]}
        return _count(create_network("", pretrained=False, weights="", **asked))
    key = "network" if "network" in known else "backbone"
    name = str(use.params.get(key, known[key].default))
    return _count(classifier.create_backbone("docs", name, pretrained=False, num_classes=0))


def _describe_training(component: Any) -> str:
    """Optimizer, learning rate, epochs and batch of a network; '' of anything else."""
    schedule: training.Schedule | None = getattr(component, "schedule", None)
    if not isinstance(schedule, training.Schedule):
        return ""
    name = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[schedule.optimizer]
    parts = [f"{name} {schedule.lr:g}"]
    if schedule.lr_decay < 1:
        every = "" if schedule.decay_every == 1 else f"{schedule.decay_every} "
        parts.append(f"x{schedule.lr_decay:g} every {every}epoch{'s' if every else ''}")
    if schedule.weight_decay:
        parts.append(f"decay {schedule.weight_decay:g}")
    epochs = f"{schedule.epochs} epochs"
    return ", ".join([*parts, epochs, f"batch {schedule.batch}"])


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
