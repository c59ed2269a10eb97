"""Learnt spatial features of facial regions, frame by frame: Aouayeb et al. 2022."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.nn import shared_batch, training
from mertk_plugins.fusion import _region_labels

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_COLOURS = 3
_FRAMES_AT_ONCE = 128  # few enough for memory at the paper's size, many enough to be fast


class PatchCNNSE:
    """One network per region, made of a CNN for each patch with squeeze and excitation.

    Takes the streams of the extractor `region_patches` and gives `[regions, time, 256]`: the last
    256 ReLUs of a region's network, per frame. Each frame of a training clip is a training sample.
    The networks learn region labels: classes that do not show in a region become one class there.
    Under a multi-label protocol a region learns its active classes side by side, by the focal loss
    of each one's sigmoid.

    Args:
        se: squeeze and excitation: `squeeze`, as in the paper; `pixelwise`, as in the authors'
            code; or `none`.
        se_ratio: width of the inner layer of squeeze and excitation, as a share of the number of
            maps, above 0.
        extra_conv: whether there is one more convolution, which the authors' code has and the paper
            has not.
        region_labels: which classes show in a region. `auto`: the authors' table for the five of
            CASME II and the objective I–V, and one for (negative, positive, surprise) that is
            inferred from code which the authors never call; for any other task as `aus`. `aus`:
            the classes AU1 … that are action units of the region, or else the class of clips whose
            coded action units move the region, and one more class for the other clips; all classes
            where no action unit is known. `none`: always all classes. Or a mapping from the names
            of regions to their classes. The report says which kind was used.
        input_range: the numbers that black and white pixels become.
        frames: number of a clip's frames that are trained on, those nearest to the apex, 0 or more;
            0 is all. Features are given of all frames.
        share: share of the training frames of all clips together that is kept, drawn at random,
            above 0 and at most 1; the authors' code keeps one half.
        epochs, lr, gamma, alpha: see `mertk.nn.schedule.Schedule`.
        batch: number of frames in a training step, 2 or more.
        dropout: see `mertk.nn.classifier.NetworkClassifier`.
        init: how the weights begin: `code`, from a normal distribution of standard deviation 0.1 in
            convolutions and 0.01 in layers (the paper's 1 does not train); `he`, by He et al. 2015,
            which needs fewer epochs.
        precision: see `mertk.nn.schedule.Schedule`.
    """

    together_on = "cuda"

    def __init__(
        self,
        *,
        se: Literal["squeeze", "pixelwise", "none"] = "squeeze",
        se_ratio: float = 0.25,
        extra_conv: bool = False,
        region_labels: str | Mapping[str, Sequence[str]] = "auto",
        input_range: Sequence[float] = (0.0, 1.0),
        frames: int = 0,
        share: float = 1.0,
        epochs: int = 60,
        lr: float = 1e-4,
        batch: int = 128,
        dropout: float = 0.5,
        gamma: float = 2.0,
        alpha: bool = True,
        init: Literal["code", "he"] = "code",
        precision: training.Precision = "float32",
    ) -> None:
        if isinstance(region_labels, str) and region_labels not in ("auto", "aus", "none"):
            raise ValueError(f"region_labels={region_labels!r} is not auto, aus, none or a mapping")
        if frames < 0:
            raise ValueError(f"frames={frames} is below 0; 0 is all")
        if not 0 < share <= 1:
            raise ValueError(f"share={share} is not in (0, 1]")
        self.share = share
        self.region_labels = region_labels
        self.frames = frames
        self.network: dict[str, Any] = {
            "se": se,
            "se_ratio": se_ratio,
            "extra_conv": extra_conv,
            "dropout": dropout,
            "init": init,
            "input_range": tuple(input_range),
        }
        self.schedule = training.Schedule(
            epochs=epochs,
            lr=lr,
            batch=batch,
            loss="focal",
            gamma=gamma,
            alpha=alpha,
            precision=precision,
        )
        self.regions: tuple[str, ...] = ()
        self.nets: dict[str, training.Trained] = {}
        self.origins: tuple[str, ...] = ()

    def fit(self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Train the regions' networks one after the other on the training clips' frames."""
        names, chosen = self._choose_frames(train)
        kept = self._draw_kept_frames(chosen, rng)
        clips = np.repeat(np.arange(len(train)), [len(frames) for frames in kept])
        self.regions, self.nets, self.origins = names, {}, ()
        for name in names:
            pixels = _join_frames(train.inputs, name, kept)
            found = _region_labels.make_region_labels(name, train, self.region_labels)
            self.origins += (found.origin,)
            self.nets[name] = training.fit(
                self._make_builder(found.count),
                {"patches": pixels},
                found.labels[clips],
                rng,
                classes=found.count,
                schedule=self.schedule,
            )

    def fit_folds(
        self,
        clips: mertk.TrainingSet[mertk.Streams],
        folds: Sequence[NDArray[np.int64]],
        rngs: Sequence[np.random.Generator],
        /,
    ) -> Iterator[PatchCNNSE]:
        """One block per fold: on a GPU from batches that as many as fit share, or else by `fit`.

        With `share` below 1, folds train on different frames, and each is fitted by itself.
        """
        if self.share < 1 or not training.get_device().type.startswith(self.together_on):
            for fold, rng in zip(folds, rngs, strict=True):
                alone = copy.copy(self)
                alone.fit(_select_clips(clips, fold), rng)
                yield alone
            return
        names, chosen = self._choose_frames(clips)
        owners = np.repeat(np.arange(len(clips)), list(map(len, chosen)))
        samples = {}
        for name in names:
            samples[name] = shared_batch.Samples.of(
                {"patches": _join_frames(clips.inputs, name, chosen)}
            )
        build = self._make_builder(len(clips.classes) + 1)
        count = shared_batch.split_by_memory(build, samples[names[0]], len(folds), self.schedule)
        for start in range(0, len(folds), count):
            group = slice(start, start + count)
            yield from self._fit_group(clips, folds[group], rngs[group], samples, owners)

    def _fit_group(
        self,
        clips: mertk.TrainingSet[mertk.Streams],
        folds: Sequence[NDArray[np.int64]],
        rngs: Sequence[np.random.Generator],
        samples: Mapping[str, shared_batch.Samples],
        owners: NDArray[np.int64],
    ) -> list[PatchCNNSE]:
        """The blocks of folds that share batches; `owners` are the samples' clips."""
        blocks = [copy.copy(self) for _ in folds]
        for block in blocks:
            block.regions, block.nets, block.origins = tuple(samples), {}, ()
        for name, pixels in samples.items():
            tasks: dict[int, list[tuple[PatchCNNSE, shared_batch.FoldTask]]] = {}
            for block, fold, rng in zip(blocks, folds, rngs, strict=True):
                train = _select_clips(clips, fold)
                found = _region_labels.make_region_labels(name, train, self.region_labels)
                block.origins += (found.origin,)
                rows = np.flatnonzero(np.isin(owners, fold))
                places = np.zeros(len(clips), np.int64)
                places[fold] = np.arange(len(fold))
                labels = found.labels[places[owners[rows]]]
                task = shared_batch.FoldTask(rows, labels, rng)
                tasks.setdefault(found.count, []).append((block, task))
            for classes, pairs in tasks.items():
                nets = shared_batch.fit_side_by_side(
                    self._make_builder(classes),
                    pixels,
                    [task for _, task in pairs],
                    classes=classes,
                    schedule=self.schedule,
                )
                for (block, _), net in zip(pairs, nets, strict=True):
                    block.nets[name] = net
        return blocks

    def list_choices(self) -> dict[str, str]:
        """Which kind of labels the regions' networks learnt."""
        return {"region labels": _region_labels.describe_origins(self.origins)}

    def fuse(self, streams: mertk.Streams, /) -> dict[str, Floats]:
        """The stream `features` `[regions, time, 256]`."""
        return {"features": np.stack(self._apply_networks([streams], _compute_features))}

    def fuse_many(self, clips: Sequence[mertk.Streams], /) -> list[mertk.Streams]:
        """As `fuse` for each clip, with several clips at once: weights are read once for them."""
        found: list[mertk.Streams] = []
        for some in _split_clips(clips):
            features = np.stack(self._apply_networks(some, _compute_features))
            ends = np.cumsum([_count_frames(streams) for streams in some])[:-1]
            parts = np.split(features, ends, axis=1)
            found += [{"features": np.ascontiguousarray(part)} for part in parts]
        return found

    def explain(self, streams: mertk.Streams, /) -> dict[str, Floats]:
        """`patch_weights` `[regions, patches]` at the apex: what excitation lets through of each.

        Means over the patch's maps; nothing where there is no excitation, or a single patch.
        """
        names = _list_regions(streams)
        if self.network["se"] == "none" or streams[names[0]].shape[-1] == _COLOURS:
            return {}
        apex = _choose_training_frames(streams, names, 1)
        at_apex = {name: streams[name][:, apex] for name in names}
        weights = self._apply_networks([at_apex], _compute_weights)
        return {"patch_weights": np.concatenate(weights)}

    def _apply_networks(
        self, clips: Sequence[mertk.Streams], call: Callable[[Any, Any], Any]
    ) -> list[Floats]:
        """What each region's network gives for the frames of the clips, one after the other."""
        for streams in clips:
            names = _list_regions(streams)
            if sorted(names) != sorted(self.regions):
                raise mertk.ComponentError(
                    "patch_cnn_se was trained on the regions "
                    f"{', '.join(self.regions) or 'of no clip'}; this clip has {', '.join(names)}"
                )
        found = []
        for name in self.regions:
            patches = np.concatenate([streams[name][0] for streams in clips])
            found.append(self.nets[name].apply({"patches": patches}, call))
        return found

    def _draw_kept_frames(
        self, chosen: list[NDArray[np.int64]], rng: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """A random share of all clips' frames; a clip may keep none."""
        if self.share == 1:
            return chosen
        total = sum(map(len, chosen))
        kept = np.zeros(total, bool)
        kept[rng.choice(total, max(1, round(self.share * total)), replace=False)] = True
        ends = np.cumsum([len(frames) for frames in chosen])[:-1]
        return [frames[use] for frames, use in zip(chosen, np.split(kept, ends), strict=True)]

    def _choose_frames(
        self, train: mertk.TrainingSet[mertk.Streams]
    ) -> tuple[tuple[str, ...], list[NDArray[np.int64]]]:
        """The regions' names and each clip's training frames."""
        names = _list_regions(train.inputs[0])
        if any(_list_regions(streams) != names for streams in train.inputs):
            raise mertk.ComponentError("patch_cnn_se: the regions' names differ between clips")
        self._check_labels(names, train.classes)
        return names, [
            _choose_training_frames(streams, names, self.frames) for streams in train.inputs
        ]

    def _make_builder(self, classes: int) -> training.Build:
        """What makes a region's network."""
        from mertk_plugins.fusion import _patch_cnn_se_net

        def build(shapes: training.Shapes) -> Any:
            patches = shapes["patches"][-1] // _COLOURS
            return _patch_cnn_se_net.PatchNet(patches=patches, classes=classes, **self.network)

        return build

    def _check_labels(self, names: Sequence[str], classes: Sequence[str]) -> None:
        if isinstance(self.region_labels, str):
            return
        for region, active in self.region_labels.items():
            unknown = [region] if region not in names else sorted(set(active) - set(classes))
            if unknown:
                raise mertk.ComponentError(
                    f"region_labels of patch_cnn_se names '{unknown[0]}'. Known regions: "
                    f"{', '.join(names)}. Known classes: {', '.join(classes)}."
                )


def _list_regions(streams: mertk.Streams) -> tuple[str, ...]:
    """The regions' names; raises `ComponentError` where a stream does not hold patches."""
    names = tuple(name for name in streams if name != "apex")
    shapes = {name: streams[name].shape for name in names}
    for name, shape in shapes.items():
        if len(shape) != 5 or shape[0] != 1 or shape[-1] % _COLOURS or min(shape) < 1:
            raise mertk.ComponentError(
                "patch_cnn_se takes streams [1, time, height, width, patches·3], such as the "
                f"extractor region_patches gives; given: {name} {list(shape)}"
            )
    return names


def _join_frames(
    clips: Sequence[mertk.Streams], name: str, chosen: Sequence[NDArray[np.int64]]
) -> Pixels:
    """The chosen frames of all clips, one after the other."""
    return np.concatenate([s[name][0][frames] for s, frames in zip(clips, chosen, strict=True)])


def _select_clips(
    clips: mertk.TrainingSet[mertk.Streams], rows: NDArray[np.int64]
) -> mertk.TrainingSet[mertk.Streams]:
    return mertk.TrainingSet(
        inputs=[clips.inputs[at] for at in rows],
        labels=clips.labels[rows],
        people=clips.people[rows],
        classes=clips.classes,
        aus=[clips.aus[at] for at in rows] if clips.aus else [],
    )


def _count_frames(streams: mertk.Streams) -> int:
    return len(streams[_list_regions(streams)[0]][0])


def _split_clips(clips: Sequence[mertk.Streams]) -> Iterator[list[mertk.Streams]]:
    """Clips one after the other in lists of at most `_FRAMES_AT_ONCE` frames, or of one clip."""
    some: list[mertk.Streams] = []
    frames = 0
    for streams in clips:
        count = _count_frames(streams)
        if some and frames + count > _FRAMES_AT_ONCE:
            yield some
            some, frames = [], 0
        some.append(streams)
        frames += count
    if some:
        yield some


def _choose_training_frames(
    streams: mertk.Streams, names: Sequence[str], count: int
) -> NDArray[np.int64]:
    """The `count` frames that are nearest to the apex, or all for 0, in their order.

    Without a stream `apex`, the last frame is the apex.
    """
    time = streams[names[0]].shape[1]
    if count == 0 or count >= time:
        return np.arange(time)
    apex = int(np.argmax(streams["apex"][0])) if "apex" in streams else time - 1
    return np.sort(np.argsort(np.abs(np.arange(time) - apex), kind="stable")[:count])


def _compute_features(net: Any, patches: Any) -> Any:
    return net[-1].features(patches)


def _compute_weights(net: Any, patches: Any) -> Any:
    return net[-1].weights(patches)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion(
        "patch_cnn_se", PatchCNNSE, paper="doi:10.3389/frsip.2022.861469", needs=("torch",)
    )
