"""The clip list that a protocol is published with, and how the clips at hand differ from it.

Papers on "CASME II in five classes" use 246, 247, 249 or 255 clips. A protocol therefore knows how
many clips of each class each data set must give, and where the list itself is known, its hash.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mertk.core.clips import Clip

Labels = str | Collection[str]
"""One class, or all of a multi-label clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a protocol expects.

    `counts` are clips by data set and class, `subjects` people by data set, `clips` the total by
    data set where clips may bear several labels or none, or where only the total was published: of
    these data sets only the classes in `counts` are compared. `sha256` is the hash of the clip
    list (see `list_hash`), `parts` those of single data sets' clips. `edition` says which of
    several published lists this is.
    """

    counts: Mapping[str, Mapping[str, int]]
    subjects: Mapping[str, int] = field(default_factory=dict)
    clips: Mapping[str, int] = field(default_factory=dict)
    sha256: str | None = None
    edition: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All clips."""
        return sum(map(self.total_of, self.counts))

    def total_of(self, dataset: str) -> int:
        """All clips of one data set."""
        return self.clips.get(dataset, sum(self.counts.get(dataset, {}).values()))

    def differences(self, clips: Sequence[Clip], labels: Sequence[Labels]) -> list[str]:
        """What is not as published, one line each; empty where everything is."""
        lines = []
        for name in dict.fromkeys([*self.counts, *(clip.dataset for clip in clips)]):
            lines += self.of_dataset(name, clips, labels)
        if not lines and self.sha256:
            lines += _compare_hashes(list_hash(clips, labels), self.sha256)
        return lines

    def of_dataset(
        self, dataset: str, clips: Sequence[Clip], labels: Sequence[Labels]
    ) -> list[str]:
        """What is not as published in one data set: totals, classes, people, or else the list."""
        unlike = self._compare_numbers(dataset, clips, labels)
        known = self.parts.get(dataset) or (self.sha256 if [*self.counts] == [dataset] else None)
        if unlike or not known:
            return [f"{dataset}: {found} {what}, published {due}" for what, found, due in unlike]
        own = [at for at, clip in enumerate(clips) if clip.dataset == dataset]
        found = list_hash([clips[at] for at in own], [labels[at] for at in own])
        return _compare_hashes(found, known)

    def distance(
        self, clips: Sequence[Clip], labels: Sequence[Labels], datasets: Collection[str] = ()
    ) -> int:
        """By how much these numbers differ in all; `datasets` are those of the list by default."""
        total = 0
        for name in datasets or self.counts:
            for _, found, due in self._compare_numbers(name, clips, labels):
                total += abs(found - due)
        return total

    def _compare_numbers(
        self, dataset: str, clips: Sequence[Clip], labels: Sequence[Labels]
    ) -> list[tuple[str, int, int]]:
        """What is not as published, as (what, found, published)."""
        number, subjects, found = 0, set(), Counter[str]()
        for clip, label in zip(clips, labels, strict=True):
            if clip.dataset == dataset:
                number += 1
                subjects.add(clip.subject)
                found.update(sort_class_names(label))
        expected = Counter(self.counts.get(dataset, {}))
        known = expected if dataset in self.clips else dict.fromkeys([*expected, *found])
        people = len(subjects)
        compared = [
            ("clips", number, self.total_of(dataset)),
            *((name, found[name], expected[name]) for name in known),
            ("people", people, self.subjects.get(dataset, people)),
        ]
        return [row for row in compared if row[1] != row[2]]


def _compare_hashes(found: str, published: str) -> list[str]:
    if found == published:
        return []
    lists = f"list {found[:12]}, published {published[:12]}"
    return [f"as many clips as published, but not the same: {lists}"]


def sort_class_names(labels: Labels) -> tuple[str, ...]:
    """The classes of a clip, sorted."""
    return (labels,) if isinstance(labels, str) else tuple(sorted(labels))


def list_hash(clips: Sequence[Clip], labels: Sequence[Labels]) -> str:
    r"""SHA-256 of the sorted lines `dataset/subject/clip,label`, each ended by `\n`.

    `clip` is the clip's folder, without the onset; several labels of a clip are joined by `+`.
    """
    lines = []
    for clip, label in zip(clips, labels, strict=True):
        name = f"{clip.dataset}/{clip.subject}/{clip.record.get('clip', clip.name)}"
        lines.append(f"{name},{'+'.join(sort_class_names(label))}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def find_nearest_list(
    manifests: Sequence[Manifest], clips: Sequence[Clip], labels: Sequence[Labels]
) -> tuple[Manifest, list[str]]:
    """Of several published lists the one whose numbers are nearest, and what differs from it."""
    compared = [(one, one.differences(clips, labels)) for one in manifests]
    return min(compared, key=lambda pair: (pair[0].distance(clips, labels), len(pair[1])))
