"""The clips of a protocol, with their labels and folds."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core import clip_lists
from mertk.core.clips import Clip
from mertk.core.errors import DataError, ParameterError, ProtocolError, name_component
from mertk.core.interfaces import EvaluationProtocol
from mertk.core.offers import get_offer, needs_folder
from mertk.core.recipe import Use
from mertk.core.spelling import check_spelling
from mertk.core.splits import Split, check_splits
from mertk.pipeline.fold import LabelledClips
from mertk.plugins.registry import Registry
from mertk.storage import identity

FLOORS = ("majority", "prior")
_WORDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The clips that count, with labels and folds, and what names them in the ledger.

    `texts` `[clips]` are the labels as text, `+` between several classes. `published` says how the
    clips compare with the list that the protocol is published with.
    """

    clips: Sequence[Clip]
    sample: LabelledClips
    texts: Sequence[str]
    splits: Sequence[Split]
    identity: Mapping[str, Any]
    synthetic: bool
    published: Mapping[str, Any] | None = None


def read_clips(registry: Registry, datasets: Sequence[Use], data: Mapping[str, Path]) -> list[Clip]:
    """All clips of the data sets; raises `DataError` where one is missing or empty.

    It also raises where names of people differ in spelling alone: one person would be in both the
    training and the test clips.
    """
    names = [use.name for use in datasets]
    for name in set(data).difference(names):
        raise ParameterError(
            f"--data gives a folder for '{name}', but the data sets are: {', '.join(names)}"
        )
    _check_folders(registry, names, data)
    clips: list[Clip] = []
    for use in datasets:
        reader = registry.build("dataset", use)
        with name_component(f"data set '{use}': index"):
            found = list(reader.index(data.get(use.name)))
        if not found:
            raise DataError(f"data set '{use}' holds no clip")
        clips += found
    ((uid, count),) = Counter(clip.uid for clip in clips).most_common(1)
    if count > 1:
        raise DataError(f"two clips have the same id: {uid}")
    where = f"data set {', '.join(map(str, datasets))}"
    check_spelling("people", [clip.person for clip in clips], DataError, where)
    return clips


def _check_folders(registry: Registry, names: Sequence[str], data: Mapping[str, Path]) -> None:
    """Raise one `DataError` for all unknown folders of several data sets.

    A folder for a data set that says that it reads none is a `ParameterError`.
    """
    for name in data:
        if get_offer("dataset", registry.get("dataset", name).load(), "needs_folder") is False:
            raise ParameterError(
                f"--data gives the folder {data[name]} for '{name}', which reads no files; leave "
                "it out, or name the data set with --dataset"
            )
    needed = [name for name in names if needs_folder(registry.get("dataset", name).load())]
    lost = [name for name in needed if name not in data]
    if lost and len(needed) > 1:
        raise DataError(
            f"needed are the data sets {', '.join(needed)}; where {', '.join(lost)} lie is not "
            f"known: give {' '.join(f'--data {name}=FOLDER' for name in lost)}, or once and for "
            "all: mertk data add NAME FOLDER"
        )


def default_protocol(registry: Registry, datasets: Sequence[Use]) -> Use:
    """The usual protocol of the (first) data set, else leave-one-subject-out."""
    target = registry.get("dataset", datasets[0].name).load()
    return Use(get_offer("dataset", target, "default_protocol"))


def make_task(
    registry: Registry,
    protocol: Use,
    datasets: Sequence[Use],
    clips: Sequence[Clip],
    *,
    excluded: frozenset[str] = frozenset(),
    allow_mismatch: bool = False,
) -> Task:
    """Label the clips and make the folds; raises `ProtocolError` where the protocol does not fit.

    It also raises where the clips differ from the published list of the protocol, unless
    `allow_mismatch`: then the run stores the differences. Clips whose ids are `excluded` are left
    out after the comparison with that list.
    """
    rules = registry.build("protocol", protocol)
    kept, given = [], []
    with name_component(f"protocol '{protocol}': label"):
        for clip in clips:
            label = rules.label(clip)
            if label is not None:
                kept.append(clip)
                given.append(label)
    if not kept:
        made_for = f"; it is made for {', '.join(rules.datasets)}" if rules.datasets else ""
        words = sorted({str(clip.record.get("label", "")) for clip in clips})[:_WORDS]
        raise ProtocolError(
            f"protocol '{protocol}' leaves out all {len(clips)} clips{made_for}. "
            f"Here are {', '.join(sorted({clip.dataset for clip in clips}))}, with labels such as "
            f"{', '.join(map(repr, words))}"
        )
    synthetic = any(clip.record.get("synthetic") for clip in kept)
    published = None if synthetic else _compare_with_published(rules, kept, given)
    if published and published["differences"] and not allow_mismatch:
        _refuse_differences(protocol, published["differences"])
    left_out = sorted(excluded & {clip.uid for clip in kept}) if excluded else []
    if left_out:
        pairs = [pair for pair in zip(kept, given, strict=True) if pair[0].uid not in excluded]
        kept, given = [clip for clip, _ in pairs], [label for _, label in pairs]
        if not kept:
            raise ProtocolError(f"--exclude leaves out all clips of the protocol '{protocol}'")
    classes, labels, texts = number_labels(protocol, rules, given)
    people = [clip.person for clip in kept]
    uids = [clip.uid for clip in kept]
    aus = _list_aus(kept)
    sample = LabelledClips(uids, np.asarray(people), labels, classes, aus)
    named = {
        "protocol": identity.component_identity(registry, "protocol", protocol),
        "datasets": [use.to_json() for use in datasets],
        "classes": list(classes),
        **({"multilabel": True} if sample.multilabel else {}),
        **({"aus": _hash_aus(uids, aus)} if aus else {}),
        **({"excluded": left_out} if left_out else {}),
        **identity.clips_identity(kept, texts),
    }
    with name_component(f"protocol '{protocol}': splits"):
        folds = list(rules.splits(kept))
    splits = check_splits(folds, people, every=get_offer("protocol", rules, "tests_all"))
    _check_tested(protocol, sample, splits)
    return Task(kept, sample, texts, splits, named, synthetic, published)


def _list_aus(clips: Sequence[Clip]) -> Sequence[frozenset[int] | None]:
    """The action units of each clip, None where it is not coded; empty where no clip is."""
    found: list[frozenset[int] | None] = []
    for clip in clips:
        known = clip.record.get("au_known")
        found.append(frozenset(map(int, clip.record["au_set"])) if known else None)
    return found if any(one is not None for one in found) else ()


def _hash_aus(uids: Sequence[str], aus: Sequence[frozenset[int] | None]) -> str:
    """A hash of the clips' action units, in any order of the clips."""
    lines = []
    for uid, units in zip(uids, aus, strict=True):
        lines.append([uid, None if units is None else sorted(units)])
    return identity.hash_json(sorted(lines, key=lambda line: line[0]))


def number_labels(
    protocol: Use, rules: EvaluationProtocol, given: Sequence[Any]
) -> tuple[tuple[str, ...], NDArray[np.int64], Sequence[str]]:
    """The classes, the numbers of the labels, and their texts.

    The numbers `[clips]` index into the classes; multi-label ones are `[clips, classes]` of 0 and
    1. Raises `ProtocolError` where the labels cannot be scored, and where classes differ in
    spelling alone.

    Args:
        protocol: names the protocol in errors.
        rules: the protocol.
        given: what its `label` gave for each clip.
    """
    if get_offer("protocol", rules, "multilabel"):
        return _number_label_sets(protocol, given, tuple(rules.classes))
    classes = tuple(rules.classes) or tuple(sorted(set(given)))
    if len(classes) < 2:
        raise ProtocolError(f"protocol '{protocol}' finds only the class '{classes[0]}'")
    _check_known(protocol, given, classes)
    for name in classes:
        if name not in given:
            raise ProtocolError(
                f"protocol '{protocol}' scores the classes {', '.join(classes)}, but no clip is "
                f"'{name}': UF1 and UAR over them are not defined. Choose a protocol that fits, "
                "such as loso"
            )
    return classes, np.asarray(list(map(classes.index, given)), np.int64), given


def _number_label_sets(
    protocol: Use, given: Sequence[Collection[str]], classes: tuple[str, ...]
) -> tuple[tuple[str, ...], NDArray[np.int64], Sequence[str]]:
    if not classes:
        raise ProtocolError(f"protocol '{protocol}' is multi-label and must fix its `classes`")
    numbers = np.zeros((len(given), len(classes)), np.int64)
    texts = []
    for row, labels in zip(numbers, given, strict=True):
        if isinstance(labels, str):
            raise ProtocolError(
                f"protocol '{protocol}' is multi-label, but `label` gave '{labels}'; it must give "
                "a collection of class names"
            )
        _check_known(protocol, labels, classes)
        row[:] = np.isin(classes, list(labels))
        texts.append("+".join(np.asarray(classes)[row > 0]))
    for name, count in zip(classes, numbers.sum(axis=0).tolist(), strict=True):
        if count in (0, len(given)):
            raise ProtocolError(
                f"protocol '{protocol}' scores '{name}', which {count} of {len(given)} clips show: "
                "its F1 is not defined. Leave it out of the protocol's classes"
            )
    return classes, numbers, texts


def _check_known(protocol: Use, labels: Collection[str], classes: tuple[str, ...]) -> None:
    check_spelling("classes", [*classes, *labels], ProtocolError, f"protocol '{protocol}'")
    unknown = sorted(set(labels).difference(classes))
    if unknown:
        raise ProtocolError(f"protocol '{protocol}': label '{unknown[0]}' is not in {classes}")


def _check_tested(protocol: Use, sample: LabelledClips, splits: Sequence[Split]) -> None:
    """Refuse folds that test no clip of a class; folds may use some clips for training only."""
    tested = sample.labels[np.concatenate([split.test for split in splits])]
    shown = tested.any(axis=0) if sample.multilabel else np.isin(range(len(sample.classes)), tested)
    if not shown.all():
        absent = sample.classes[int(shown.argmin())]
        raise ProtocolError(
            f"protocol '{protocol}' tests no clip that is '{absent}': scores over its classes "
            "are not defined. Test other data sets, or give other classes"
        )


def _compare_with_published(
    rules: EvaluationProtocol, clips: Sequence[Clip], labels: Sequence[clip_lists.Labels]
) -> dict[str, Any] | None:
    """The differences between the clips and the nearest published list; None without a list.

    `compared` is `list`, or `counts` where only the counts of clips are published.
    """
    known = get_offer("protocol", rules, "manifests")
    if not known:
        return None
    best, differences = clip_lists.find_nearest_list(known, clips, labels)
    incomplete = sum("incomplete" in clip.record.get("quirks", ()) for clip in clips)
    return {
        "edition": best.edition,
        "clips": best.total,
        "list": clip_lists.list_hash(clips, labels),
        "compared": "list" if best.sha256 else "counts",
        "differences": differences,
        **({"incomplete": incomplete} if incomplete else {}),
    }


def _refuse_differences(protocol: Use, differences: Sequence[str]) -> None:
    more = f"; and {len(differences) - 4} more" if len(differences) > 4 else ""
    raise ProtocolError(
        f"protocol '{protocol}': the clips are not those that it is published with "
        f"({'; '.join(differences[:4])}{more}). `mertk data check DATASET` says where they differ; "
        "--allow-mismatch runs all the same, and the table then says so"
    )
