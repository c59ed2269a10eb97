"""The clips that count under a protocol, with their labels and folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import clip_lists
from mertk.core.errors import DataError, ParameterError, ProtocolError, name_component
from mertk.core.offers import get_offer, needs_folder
from mertk.core.recipe import Use
from mertk.core.spelling import check_spelling
from mertk.core.splits import Split, check_splits
from mertk.experiment.labels import NumberedLabels
from mertk.pipeline.fold import LabelledClips
from mertk.storage import identity

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.core.interfaces import EvaluationProtocol
    from mertk.plugins.registry import Registry

FLOORS = ("majority", "prior")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The clips that count, with labels and folds, and what names them in the ledger.

    `published` says how they compare with the list that the protocol is published with.
    """

    clips: Sequence[Clip]
    sample: LabelledClips
    splits: Sequence[Split]
    identity: Mapping[str, Any]
    synthetic: bool
    published: Mapping[str, Any] | None = None


def read_clips(registry: Registry, datasets: Sequence[Use], data: Mapping[str, Path]) -> list[Clip]:
    """All clips of the data sets; raises `DataError` where one is missing or empty.

    So it does where people differ in spelling alone: they would be trained on and tested.
    """
    for name in set(data) - {use.name for use in datasets}:
        asked = ", ".join(use.name for use in datasets)
        raise ParameterError(f"--data gives a folder for '{name}', but the data sets are: {asked}")
    _check_places(registry, datasets, data)
    clips: list[Clip] = []
    for use in datasets:
        reader = registry.build("dataset", use)
        with name_component(f"data set '{use}': index"):
            found = list(reader.index(data.get(use.name)))
        if not found:
            raise DataError(f"data set '{use}' holds no clip")
        clips += found
    uids = [clip.uid for clip in clips]
    if len(set(uids)) < len(uids):
        twice = next(uid for uid in uids if uids.count(uid) > 1)
        raise DataError(f"two clips have the same id: {twice}")
    where = f"data set {', '.join(map(str, datasets))}"
    check_spelling("people", [clip.person for clip in clips], DataError, where)
    return clips


def _check_places(registry: Registry, datasets: Sequence[Use], data: Mapping[str, Path]) -> None:
    """Ask for all unknown folders of several data sets at once."""
    needed = [
        use.name for use in datasets if needs_folder(registry.get("dataset", use.name).load())
    ]
    lost = [name for name in needed if name not in data]
    if lost and len(needed) > 1:
        raise DataError(
            f"needed are the data sets {', '.join(needed)}; where {', '.join(lost)} lie is not "
            f"known: give {' '.join(f'--data {name}=FOLDER' for name in lost)}, or once and for "
            "all: mertk data add NAME FOLDER"
        )


def default_protocol(registry: Registry, datasets: Sequence[Use]) -> Use:
    """What the (first) data set says it is usually scored by, else leave-one-subject-out."""
    target = registry.get("dataset", datasets[0].name).load()
    return Use(get_offer("dataset", target, "default_protocol"))


def make_task(
    registry: Registry,
    protocol: Use,
    datasets: Sequence[Use],
    clips: Sequence[Clip],
    *,
    allow_mismatch: bool = False,
) -> Task:
    """Label the clips and cut the folds; raises `ProtocolError` where that cannot be done.

    So it does where the clips are not those that the protocol is published with, unless
    `allow_mismatch`: the run then says how they differ.
    """
    rules = registry.build("protocol", protocol)
    with name_component(f"protocol '{protocol}': label"):
        labelled = [(clip, label) for clip in clips if (label := rules.label(clip)) is not None]
    if not labelled:
        made_for = f"; it is made for {', '.join(rules.datasets)}" if rules.datasets else ""
        raise ProtocolError(f"protocol '{protocol}' leaves out all {len(clips)} clips{made_for}")
    kept = [clip for clip, _ in labelled]
    labels = NumberedLabels.of(protocol, rules, [label for _, label in labelled])
    people = [clip.person for clip in kept]
    sample = LabelledClips(
        uids=[clip.uid for clip in kept],
        people=np.asarray(people),
        labels=labels.numbers,
        classes=labels.classes,
    )
    named = {
        "protocol": identity.component_identity(registry, "protocol", protocol),
        "datasets": [use.to_json() for use in datasets],
        "classes": list(labels.classes),
        **({"multilabel": True} if sample.multilabel else {}),
        **identity.clips_identity(kept, labels.texts),
    }
    synthetic = any(bool(clip.record.get("synthetic")) for clip in kept)
    published = (
        None
        if synthetic
        else _compare_with_published(rules, kept, [label for _, label in labelled])
    )
    if published and published["differences"] and not allow_mismatch:
        _refuse_differences(protocol, published["differences"])
    with name_component(f"protocol '{protocol}': splits"):
        folds = list(rules.splits(kept))
    splits = check_splits(folds, people, every=get_offer("protocol", rules, "tests_all"))
    _check_tested(protocol, sample, splits)
    return Task(kept, sample, splits, named, synthetic, published)


def _check_tested(protocol: Use, sample: LabelledClips, splits: Sequence[Split]) -> None:
    """Refuse folds that test no clip of some class, as those may that only train on some clips."""
    tested = sample.labels[np.concatenate([split.test for split in splits])]
    counts = (
        tested.sum(axis=0)
        if sample.multilabel
        else np.bincount(tested, minlength=len(sample.classes))
    )
    absent = [name for name, count in zip(sample.classes, counts, strict=True) if not count]
    if absent:
        raise ProtocolError(
            f"protocol '{protocol}' tests no clip that is '{absent[0]}': scores over its classes "
            "are not defined. Test other data sets, or give other classes"
        )


def _compare_with_published(
    rules: EvaluationProtocol, clips: Sequence[Clip], labels: Sequence[clip_lists.Labels]
) -> dict[str, Any] | None:
    """How the clips compare with the published list that is nearest; None where there is none.

    `compared` says by what: the `list` itself, or, where nobody has published it, the `counts`.
    """
    known = get_offer("protocol", rules, "manifests")
    if not known:
        return None
    best, differences = clip_lists.find_nearest_list(known, clips, labels)
    return {
        "edition": best.edition,
        "clips": best.total,
        "list": clip_lists.list_hash(clips, labels),
        "compared": "list" if best.sha256 else "counts",
        "differences": differences,
    }


def _refuse_differences(protocol: Use, differences: Sequence[str]) -> None:
    more = f"; and {len(differences) - 4} more" if len(differences) > 4 else ""
    raise ProtocolError(
        f"protocol '{protocol}': the clips are not those that it is published with "
        f"({'; '.join(differences[:4])}{more}). `mertk data check DATASET` says where they differ; "
        "--allow-mismatch runs all the same, and the table then says so"
    )
