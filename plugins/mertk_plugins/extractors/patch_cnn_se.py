"""Learnt spatial features of facial regions: Aouayeb et al. 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import mertk
from mertk.nn import training
from mertk_plugins.extractors import _region_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]


class PatchCNNSE:
    """One network per region, made of a CNN for each patch with squeeze and excitation.

    Gives `[regions, time, 256]`: the last 256 ReLUs of a region's network, per frame. A region is
    resized to a square grid of patches, each with a CNN of its own. Each frame of
    a training clip is a training sample. The networks learn region labels: classes that do not
    show in a region become one class there. Under a multi-label protocol a region learns its active
    classes side by side, by the focal loss of each one's sigmoid.

    Frames are spread evenly over onset … offset with both ends in, and the inner one that is
    nearest to the apex moves there; a single one is the apex.

    Args:
        patches: number of patches of a region: 1, 4, 9 or 16.
        patch_size: height and width of a patch, in pixels, each 8 or more.
        se: squeeze and excitation: `squeeze`, as in the paper; `pixelwise`, as in the authors'
            code; or `none`.
        se_ratio: width of the inner layer of squeeze and excitation, as a share of the number of
            maps, above 0.
        extra_conv: whether there is one more convolution, which the authors' code has and the paper
            has not.
        region_labels: which classes show in a region: `auto`, the authors' table for the classes
            (negative, positive, surprise), the five of CASME II and the objective I–V, and all
            classes for any other task or region; `none`, always all classes; or a mapping from the
            names of regions to their classes.
        input_range: the numbers that black and white pixels become.
        frames: number of frames of a clip that are trained on, 0 or more; 0 is all.
        extract_frames: number of frames of a clip that are turned into features, 0 or more; 0 is
            all.
        share: share of the training frames of all clips together that is kept, drawn at random,
            above 0 and at most 1; the authors' code keeps one half.
        epochs, lr, gamma, alpha: see `mertk.nn.schedule.Schedule`.
        batch: number of frames in a training step, 2 or more.
        dropout: see `mertk.nn.classifier.NetworkClassifier`.
        init: how the weights begin: `code`, from a normal distribution of standard deviation 0.1 in
            convolutions and 0.01 in layers (the paper's 1 does not train); `he`, by He et al. 2015,
            which needs fewer epochs.
    """

    def __init__(
        self,
        *,
        patches: int = 9,
        patch_size: Sequence[int] = (35, 50),
        se: Literal["squeeze", "pixelwise", "none"] = "squeeze",
        se_ratio: float = 0.25,
        extra_conv: bool = False,
        region_labels: str | Mapping[str, Sequence[str]] = "auto",
        input_range: Sequence[float] = (0.0, 1.0),
        frames: int = 0,
        extract_frames: int = 0,
        share: float = 1.0,
        epochs: int = 60,
        lr: float = 1e-4,
        batch: int = 128,
        dropout: float = 0.5,
        gamma: float = 2.0,
        alpha: bool = True,
        init: Literal["code", "he"] = "code",
    ) -> None:
        self.grid = round(patches**0.5)
        if self.grid not in (1, 2, 3, 4) or self.grid**2 != patches:
            raise ValueError(f"patches={patches} is not one of 1, 4, 9, 16")
        if len(patch_size) != 2 or min(patch_size) < 8:
            raise ValueError(f"patch_size={list(patch_size)} is not [height, width], each above 7")
        if isinstance(region_labels, str) and region_labels not in ("auto", "none"):
            raise ValueError(f"region_labels={region_labels!r} is not auto, none or a mapping")
        if frames < 0 or extract_frames < 0:
            raise ValueError(f"frames={frames}, extract_frames={extract_frames}: 0 is all")
        if not 0 < share <= 1:
            raise ValueError(f"share={share} is not in (0, 1]")
        self.height, self.width = patch_size
        self.share = share
        self.region_labels = region_labels
        self.frames, self.extract_frames = frames, extract_frames
        self.network: dict[str, Any] = {
            "patches": patches,
            "se": se,
            "se_ratio": se_ratio,
            "extra_conv": extra_conv,
            "dropout": dropout,
            "init": init,
            "input_range": tuple(input_range),
        }
        self.schedule = training.Schedule(
            epochs=epochs, lr=lr, batch=batch, loss="focal", gamma=gamma, alpha=alpha
        )
        self.nets: dict[str, training.Trained] = {}

    def fit(
        self,
        train: mertk.TrainingSet[tuple[mertk.Faces, mertk.Regions]],
        rng: np.random.Generator,
        /,
    ) -> None:
        """Train the regions' networks one after the other on the training clips' frames."""
        names = train.inputs[0][1].names
        if any(regions.names != names for _, regions in train.inputs):
            raise mertk.ComponentError("patch_cnn_se: the regions' names differ between clips")
        self._check_labels(names, train.classes)
        picked = self._draw_kept_positions(
            [choose_positions(faces, self.frames) for faces, _ in train.inputs], rng
        )
        clips = np.repeat(np.arange(len(train)), [len(p) for p in picked])
        self.nets = {}
        for at, name in enumerate(names):
            pixels = [
                self._cut_patches(faces, regions, at, where)
                for (faces, regions), where in zip(train.inputs, picked, strict=True)
            ]
            active = _region_labels.choose_active_classes(name, train.classes, self.region_labels)
            labels, count = _region_labels.region_labels(train.labels, train.classes, active)
            self.nets[name] = self._train_network(np.concatenate(pixels), labels[clips], count, rng)

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> Floats:
        """Features `[regions, time, 256]` of the chosen frames of onset … offset."""
        if regions.names != tuple(self.nets):
            raise mertk.ComponentError(
                f"patch_cnn_se was trained on the regions {', '.join(self.nets) or 'of no clip'}; "
                f"this clip has {', '.join(regions.names)}"
            )
        where = choose_positions(faces, self.extract_frames)
        return np.stack(
            [
                net.apply(
                    {"patches": self._cut_patches(faces, regions, at, where)}, _compute_features
                )
                for at, net in enumerate(self.nets.values())
            ]
        )

    def explain(self, faces: mertk.Faces, regions: mertk.Regions, /) -> dict[str, Floats]:
        """`patch_weights` `[regions, patches]` at the apex: what excitation lets through of each.

        Means over the patch's maps; nothing where there is no excitation, or a single patch.
        """
        if self.network["se"] == "none" or self.grid == 1:
            return {}
        where = np.array([faces.peak])
        weights = [
            net.apply({"patches": self._cut_patches(faces, regions, at, where)}, _compute_weights)[
                0
            ]
            for at, net in enumerate(self.nets.values())
        ]
        return {"patch_weights": np.stack(weights)}

    def _draw_kept_positions(
        self, picked: list[NDArray[np.int64]], rng: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """A random share of all clips' positions; a clip may keep none."""
        if self.share == 1:
            return picked
        total = sum(map(len, picked))
        kept = np.zeros(total, bool)
        kept[rng.choice(total, max(1, round(self.share * total)), replace=False)] = True
        ends = np.cumsum([len(where) for where in picked])[:-1]
        return [where[use] for where, use in zip(picked, np.split(kept, ends), strict=True)]

    def _train_network(
        self, pixels: Pixels, labels: NDArray[np.int64], count: int, rng: np.random.Generator
    ) -> training.Trained:
        from mertk_plugins.extractors import _patch_cnn_se_net

        def build(_shapes: training.Shapes) -> Any:
            return _patch_cnn_se_net.PatchNet(classes=count, **self.network)

        patches = {"patches": pixels}
        return training.fit(build, patches, labels, rng, classes=count, schedule=self.schedule)

    def _cut_patches(
        self, faces: mertk.Faces, regions: mertk.Regions, at: int, where: NDArray[np.int64]
    ) -> Pixels:
        """One region's patches `[frames, height, width, patches·3]`, patches row by row."""
        import cv2

        rows, columns = regions.windows()[at]
        size = self.grid * self.width, self.grid * self.height
        # OpenCV's bilinear has half-pixel centres and no antialias, as the authors' has
        whole = [cv2.resize(faces.frames[int(i)][rows, columns], size) for i in where]
        shape = (len(where), self.grid, self.height, self.grid, self.width, 3)
        parts = np.asarray(whole, np.uint8).reshape(shape).transpose(0, 2, 4, 1, 3, 5)
        return parts.reshape(len(where), self.height, self.width, self.grid**2 * 3)

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


def choose_positions(faces: mertk.Faces, count: int) -> NDArray[np.int64]:
    """`count` positions in onset … offset, or all for 0; the rule is in `PatchCNNSE`."""
    if not len(faces.frames):
        raise mertk.DataError("patch_cnn_se looks at frames; this clip has none, only a flow map")
    first, last = faces.onset, faces.offset
    if count == 0 or count > last - first:
        return np.arange(first, last + 1)
    found = np.linspace(first, last, count).round().astype(np.int64)
    if faces.peak not in found:
        inner = slice(1, -1) if count > 2 else slice(None)
        nearest = np.abs(found[inner] - faces.peak).argmin()
        found[inner][nearest] = faces.peak
    return found


def _compute_features(net: Any, patches: Any) -> Any:
    return net[-1].features(patches)


def _compute_weights(net: Any, patches: Any) -> Any:
    return net[-1].weights(patches)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the extractor."""
    register.extractor(
        "patch_cnn_se", PatchCNNSE, paper="doi:10.3389/frsip.2022.861469", needs=("torch",)
    )
