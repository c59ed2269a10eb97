"""A data set as a whole: every annotated expression, with or without frames, and what is wrong.

A reader makes a `Survey`; `select_usable_clips` turns it into the clips of a run, and the data
doctor (`mertk data check`) into a report. A survey needs no pictures: annotations can be counted
alone.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mertk.core.clips import Clip
from mertk.core.errors import DataError
from mertk.core.printing import count_noun
from mertk.datasets import record
from mertk.datasets.annotations import Source
from mertk.datasets.binding import INCOMPLETE, bind_record, make_frameless_clip
from mertk.datasets.corrections import Repair
from mertk.datasets.editions import EDITED, Edition, is_published, recognise_edition
from mertk.datasets.folders import Tree
from mertk.datasets.media import frames
from mertk.datasets.record import Record

_LOG = logging.getLogger("mertk.datasets")
_LINES = 10
_LISTED = 16  # folders whose files are kept in mind: recordings may hold thousands


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a folder holds of a data set.

    `clips` has one clip per annotated expression, in the order of the annotations; those in
    `unusable` (by uid, with the reason) have no frames. `tree` and `kind` say which frames were
    read, `no_tree` why there are none. `unannotated` are clip folders that no row names: no
    mistake. `strays` are pictures, videos and archives that fit no row, where nothing fits one.
    `others` are annotation files and trees that could be read instead. `editions` are the published
    ones that are known, `assumed` what was taken for granted where the data left it open, `repairs`
    the table of known errors. `notices` are told at each run, `advice` says how to have what
    protocols need that this reading lacks.
    """

    dataset: str
    clips: tuple[Clip, ...]
    edition: str = ""
    editions: tuple[Edition, ...] = ()
    sheets: tuple[Path, ...] = ()
    tree: Path | None = None
    kind: str = ""
    no_tree: str = ""
    layout: str = ""
    unusable: Mapping[str, str] = field(default_factory=dict)
    unannotated: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    advice: str = ""
    assumed: tuple[str, ...] = ()
    repairs: Mapping[str, tuple[Repair, ...]] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether the clips are made, not filmed."""
        return any(clip.record["synthetic"] for clip in self.clips)


@dataclass(frozen=True, slots=True)
class Reading:
    """What annotation files hold; `assumed` says what was taken for granted in reading them.

    Where `edition` is empty, it is the first of `editions` that the records are. `advice` says how
    to have what protocols need that this reading lacks.
    """

    source: Source
    records: Sequence[Record]
    editions: Sequence[Edition] = ()
    sheets: Sequence[Path] = ()
    assumed: Sequence[str] = ()
    edition: str = ""
    advice: str = ""


def bind_reading(
    reading: Reading,
    *,
    tree: Tree | None,
    no_tree: str,
    key: Callable[[Record], str],
    layout: str,
    sort_pictures: Callable[[Path], tuple[dict[int, Path], list[str]]] = frames.sort_pictures,
    conceal: Callable[[str], str] = str,
) -> Survey:
    """Bind every record to its folder in the tree, whose folders are known by `key`.

    `sort_pictures` gives the pictures of a folder by frame number, and the copies that are left
    out. `conceal` takes names of people out of a message.
    """
    source, records = reading.source, reading.records
    edition = reading.edition or recognise_edition(records, reading.editions)
    synthetic = record.is_synthetic(source.root)
    copies: dict[Path, str] = {}

    @functools.lru_cache(_LISTED)
    def listed(folder: Path) -> dict[int, Path]:
        files, left_out = sort_pictures(folder)
        if left_out:
            copies[folder] = f"{folder}: {frames.describe_copies(left_out)}"
        return files

    clips, unusable = [], {}
    for row in _check_distinct([*reading.sheets, source.root][0], records):
        whole = replace(row, edition=edition, synthetic=synthetic)
        folder = tree.folders.get(key(whole)) if tree else None
        why = no_tree if tree is None else f"no folder in {tree.path}"
        clip = None
        if tree is not None and folder is not None:
            try:
                clip = bind_record(source, whole, folder, tree.kind, listed)
            except DataError as problem:
                why = conceal(str(problem))
        if clip is None:
            unusable[whole.uid] = why
            clip = make_frameless_clip(whole, why)
        clips.append(clip)
    spare = []
    if tree is not None:
        for name in tree.folders.keys() - set(map(key, records)):
            spare.append(tree.folders[name].relative_to(tree.path).as_posix())
    return Survey(
        dataset=source.dataset,
        edition=edition,
        editions=tuple(reading.editions),
        sheets=tuple(reading.sheets),
        tree=tree.path if tree else None,
        kind=tree.kind if tree else "",
        no_tree=no_tree,
        layout=layout,
        clips=tuple(clips),
        unusable=unusable,
        unannotated=tuple(sorted(spare)),
        notices=tuple(copies.values()),
        assumed=tuple(reading.assumed),
        advice=reading.advice,
        repairs=source.repairs,
    )


def _check_distinct(file: Path, records: Sequence[Record]) -> Sequence[Record]:
    seen: dict[str, Record] = {}
    for one in records:
        first = seen.setdefault(one.uid.lower(), one)
        if first is not one:
            where = one.uid.partition("/")[2]
            raise DataError(
                f"{file}: {first.source} and {one.source} both annotate {where}; delete one of them"
            )
    return records


def select_usable_clips(found: Survey, missing: Literal["error", "skip", "keep"]) -> Sequence[Clip]:
    """The clips that have frames.

    Raises `DataError` where there are no frames at all, or (unless `missing` is 'skip' or 'keep',
    which leave them out with a warning) where annotated clips lack frames.
    """
    strays = "".join(f"\n  {line}" for line in found.strays)
    if found.tree is None:
        raise DataError(f"{found.no_tree}. {found.layout}{strays}")
    clips = [clip for clip in found.clips if clip.uid not in found.unusable]
    if found.unusable and (missing == "error" or not clips):
        advice = (
            f"Restore the files, or leave these clips out with {found.dataset}:missing=skip; the "
            "clip list is then no longer the published one"
        )
        if any("between onset and offset" in why for why in found.unusable.values()):
            advice += f". {found.dataset}:missing=keep uses clips that lack frames in between"
        raise DataError(f"{summarise_unusable(found)}{strays}\n{advice if clips else found.layout}")
    if found.unusable:
        _LOG.warning("%s", summarise_unusable(found))
    for notice in found.notices:
        _LOG.warning("%s: %s", found.dataset, notice)
    kept = [clip for clip in clips if INCOMPLETE in clip.record["quirks"]]
    if kept:
        lost = sum(clip.record["n_missing"] for clip in kept)
        text = "%s: %d of %d clips lack frames between onset and offset, %d in all, and are used"
        _LOG.warning(text, found.dataset, len(kept), len(clips), lost)
    if found.editions and not found.synthetic and not is_published(found.edition):
        published = ", ".join(f"{e.name} ({e.rows} rows)" for e in found.editions)
        where = found.sheets[0] if found.sheets else found.tree
        what = f"{len(found.clips)} expressions and their labels are no published edition"
        if found.edition.endswith(EDITED):
            what = f"has the counts of an edition but other values ({found.edition})"
        others = f"; also there: {', '.join(found.others)}" if found.others else ""
        text = "%s: %s (%s); mertk data check %s says more%s"
        _LOG.warning(text, where, what, published, found.dataset, others)
    return clips


def summarise_unusable(found: Survey) -> str:
    """What has no usable frames, the first ten by name."""
    where = {clip.uid: clip.record["source"] for clip in found.clips}
    name = f" of {found.sheets[0].name}" if found.sheets else ""
    clips = f"{len(found.unusable)} of {count_noun(len(found.clips), 'annotated clip')}{name}"
    lines = [f"{found.dataset}: no usable frames in {found.tree} for {clips}:"]
    for uid, why in list(found.unusable.items())[:_LINES]:
        lines.append(f"{uid.partition('/')[2]} ({where[uid]}): {why}")
    if len(found.unusable) > _LINES:
        lines.append(f"… and {len(found.unusable) - _LINES} more")
    return "\n  ".join(lines)
