"""`prepare_datasets` writes data sets as registered frames and flow maps, for any program.

A file `prepare.json` in the folder stores how it was prepared, so that nothing else is mixed in.
"""

import functools
import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mertk.core.clips import Clip
from mertk.core.errors import DataError, MertkError, ParameterError, ProtocolError, UnknownNameError
from mertk.core.printing import count_noun
from mertk.core.progress import Progress
from mertk.core.reading import real_path
from mertk.core.recipe import Json, Use
from mertk.datasets.record import SYNTHETIC_MARK
from mertk.experiment.execution import Execution
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.study import Study, as_use
from mertk.experiment.task import Task
from mertk.export import clip_files, layouts, megc_tree
from mertk.export.clip_files import FrameFiles, Making
from mertk.pipeline.pipeline import Stage
from mertk.plugins.loader import Plugins, load_plugins
from mertk.plugins.registry import Registry
from mertk.storage import identity
from mertk.storage.atomic_files import check_files, check_folder, json_text, write_file, write_table
from mertk.storage.cache import Cache
from mertk.vision.optical_flow import Method

Layout = Literal["folder", "megc"]

ALIGNER = "eye_similarity"  # what the flow and texture models are aligned by
TABLE = "index.csv"  # the table of a prepared folder
NOTE = "prepare.json"  # how a prepared folder was made: its recipe, its provenance, and what failed

_LISTED = 20
_MEGC_SIZE = 28  # of the pictures that STSTNet and HTNet read


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared folder: the number of its clips, how many of them are new, and a protocol."""

    out: Path
    clips: int
    made: int
    protocol: Use


def prepare_datasets(
    datasets: Sequence[str | Use],
    *,
    out: Path | str,
    data: Path | str | Mapping[str, Path | str] | None = None,
    aligner: str | Use = ALIGNER,
    flow: Method = "farneback",
    size: int | None = None,
    frames: FrameFiles | None = None,
    layout: Layout = "folder",
    protocol: str | Use | None = None,
    allow_mismatch: bool = False,
    jobs: int | None = None,
    cache: Path | str | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Register the faces of data sets and write them, with their flow maps, to the folder `out`.

    Clips that are there already are kept. A table `index.csv` makes the folder readable as the
    data set `folder`, with the same clip ids, people, labels and order.

    Args:
        datasets: data sets by name.
        out: the folder; new, empty, or made by the same call before.
        data: where each data set lies, as in `bench`.
        aligner: by name; it must not learn.
        flow: the method of the onset→apex maps.
        size: pixels of the (square) maps, 0 for those of the face; default 0, 28 for `megc`.
        frames: `png` (a picture a frame), `npy` (an array a clip) or `none`; default `png`, `none`
            for `megc`.
        layout: `folder`, or `megc` to add the tree of pictures that published flow networks read.
        protocol: take its clips alone, and give their class in a column `protocol.NAME`. Default:
            all clips; for `megc` the data set's usual protocol.
        allow_mismatch: go on where the clips are not those that the protocol is published with.
        jobs: worker processes; default: one per CPU core.
        cache: the folder of cached registrations; default: the user's cache folder.
        plugins: what `load_plugins` gave; default: the installed ones.
        progress: receives stages and steps.

    Raises:
        DataError: naming the clips that failed; the others are in the folder and in its table.
        MertkError: with one line on what was given, what is known and what to do.
    """
    plugins = plugins or load_plugins()
    registry, tree = plugins.registry, _one_of("layout", layout, Layout) == "megc"
    features = Cache(Path(cache) if cache else None)
    features.check_writable()
    making = Making(
        out=real_path(out),  # a worker process may stand in another folder
        files=plugins.files,
        cache=real_path(features.root),
        aligner=as_use(aligner),
        method=_one_of("flow method", flow, Method),
        size=(_MEGC_SIZE if tree else 0) if size is None else size,
        frames=_one_of("kind of frames", frames or ("none" if tree else "png"), FrameFiles),
    )
    _check_making(registry, making)
    check_files(making.out, [NOTE, TABLE, SYNTHETIC_MARK])
    if tree:
        check_folder(making.out / megc_tree.FOLDER, megc_tree.KIND)
    study = Study(
        dataset=datasets, data=data, protocol=protocol, allow_mismatch=allow_mismatch
    ).open(Execution(jobs=jobs, cache=cache), plugins=plugins, progress=progress)
    preparation = _Preparation(
        study=study, making=making, layout=layout, labelled=protocol is not None or tree
    )
    clips, made = preparation.run()
    return Prepared(making.out, clips, made, study.protocol)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Preparation:
    """One call of `prepare_datasets` at work."""

    study: OpenStudy
    making: Making
    layout: Layout
    labelled: bool

    @property
    def protocol(self) -> Use | None:
        """The protocol that selects the clips; None where all are written."""
        return self.study.protocol if self.labelled else None

    def run(self) -> tuple[int, int]:
        """Write the missing clips and the table; gives the numbers of all and of new clips."""
        out, recipe = self.making.out, self._describe_recipe()
        _check_recipe(out, recipe)
        about = identity.collect_provenance("cpu") | {"folders": self.study.absolute_folders}
        note = {"recipe": recipe, "about": about}
        task = self._make_task(self.study.clips)
        clips = task.clips if task else self.study.clips
        where = clip_files.name_folders(clips)
        todo = [clip for clip in clips if not clip_files.is_done(out / where[clip.uid], clip)]
        for clip in todo:
            check_folder(out / where[clip.uid], clip_files.KIND)
        write_file(out / NOTE, json_text(note))
        failed = self._make_folders(todo, where)
        done = [clip for clip in clips if clip.uid not in failed]
        if done:
            layouts.mark_synthetic(done, out)
            write_table(out / TABLE, self._make_rows(done, where, task))
        result = {"clips": len(done), "failed": {uid: str(failed[uid]) for uid in failed}}
        write_file(out / NOTE, json_text(note | result))
        if self.layout == "megc" and done and (self.study.study.allow_mismatch or not failed):
            self._write_tree(done, where)
        if failed:
            raise DataError(_summarise_failures(out, failed, len(done)))
        return len(done), len(todo)

    def _make_task(self, clips: Sequence[Clip]) -> Task | None:
        """The clips that count under the protocol, with labels and folds; None without one."""
        if self.protocol is None:
            return None
        task = self.study.label(clips)
        if self.layout == "megc" and task.sample.multilabel:
            raise ProtocolError(
                f"protocol '{self.protocol}' is multi-label, and the tree has one label a clip: "
                "choose another --protocol"
            )
        return task

    def _describe_recipe(self) -> dict[str, Json]:
        """What the files of a clip depend on, except for the clip itself."""
        making, registry = self.making, self.study.registry
        identified = functools.partial(identity.component_identity, registry)
        return {
            "datasets": [use.to_json() for use in self.study.datasets],
            "protocol": identified("protocol", self.protocol) if self.protocol else None,
            "aligner": identified("aligner", making.aligner),
            "flow": making.method,
            "size": making.size,
            "frames": making.frames,
            "layout": self.layout,
        }

    def _make_folders(
        self, todo: Sequence[Clip], where: Mapping[str, str]
    ) -> dict[str, MertkError]:
        """Write the folders of these clips; gives what is wrong with those that failed."""
        failed = {}
        self.study.progress.stage("preparing clips", len(todo))
        units = []
        for clip in todo:
            place = where[clip.uid]
            units.append(functools.partial(clip_files.make_clip_folder, self.making, clip, place))
        with self.study.executor() as executor:
            for uid, error in executor.run(units):
                self.study.progress.step(uid)
                if error is not None:
                    failed[uid] = error
        return failed

    def _make_rows(
        self, clips: Sequence[Clip], where: Mapping[str, str], task: Task | None
    ) -> list[dict[str, Any]]:
        """The rows of the table; under a protocol with a column of the classes."""
        texts = dict(zip(task.sample.uids, task.texts, strict=True)) if task else {}
        rows = []
        for clip in clips:
            row = clip_files.make_row(self.making.out, clip, where[clip.uid])
            if task:
                row[f"protocol.{self.study.protocol.name}"] = texts[clip.uid]
            rows.append(row)
        return rows

    def _write_tree(self, done: Sequence[Clip], where: Mapping[str, str]) -> None:
        task = self._make_task(done)
        if task is not None:
            self.study.progress.stage("megc tree", len(task.splits))
            megc_tree.write_megc_tree(self.making.out, task, where, self.study.progress.step)


def _one_of(what: str, given: str, known: Any) -> Any:
    """A word of a `Literal`; raises `UnknownNameError`."""
    if given not in typing.get_args(known):
        raise UnknownNameError(what, given, typing.get_args(known))
    return given


def _check_recipe(out: Path, recipe: Mapping[str, Json]) -> None:
    """Raise `DataError` where the folder is neither new nor made by the same recipe."""
    file = out / NOTE
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not file.is_file():
        raise DataError(
            f"{out} is not empty and holds no {NOTE}; give a folder that is new or empty"
        )
    try:
        other = dict(_list_leaves(json.loads(file.read_text(encoding="utf-8"))["recipe"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: damaged ({error}); delete the folder, or give another") from error
    mine = dict(_list_leaves(json.loads(json.dumps(recipe))))
    changed = []
    for name in {**other, **mine}:
        if other.get(name) != mine.get(name):
            texts = [_format_value(one.get(name)) for one in (other, mine)]
            changed.append(f"{name} {texts[0]}, now {texts[1]}")
    if changed:
        raise DataError(
            f"{out} was prepared otherwise ({'; '.join(changed)}); give another folder, or "
            "delete this one"
        )


def _list_leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All values that are not dictionaries, by their path."""
    if not isinstance(data, dict):
        yield path, data
        return
    for key, value in data.items():
        yield from _list_leaves(value, f"{path}.{key}" if path else key)


def _format_value(value: Any) -> str:
    return "none" if value is None else json.dumps(value)


def _check_making(registry: Registry, making: Making) -> None:
    if making.size < 0:
        raise ParameterError(f"size={making.size}; give pixels, or 0 for the size of the face")
    if Stage("aligner", registry.build("aligner", making.aligner)).learns:
        raise ParameterError(
            f"aligner '{making.aligner}' learns: prepared once for all folds, it would have seen "
            "every test clip. Choose one that does not, or bench without preparing"
        )


def _summarise_failures(out: Path, failed: Mapping[str, MertkError], done: int) -> str:
    lines = [f"{uid}: {failed[uid]}" for uid in sorted(failed)]
    more = f"\n  … and {len(lines) - _LISTED} more, in prepare.json" if len(lines) > _LISTED else ""
    shown = "\n  ".join(lines[:_LISTED])
    return (
        f"{len(failed)} of {count_noun(done + len(failed), 'clip')} failed (the others are in "
        f"{out} and are kept "
        f"when the same command runs again):\n  {shown}{more}"
    )
