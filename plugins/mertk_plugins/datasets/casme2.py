"""CASME II: 255 spontaneous micro-expressions of 26 people at 200 frames a second."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import mertk
from mertk import data
from mertk_plugins.datasets import _casme2_files as files
from mertk_plugins.datasets import _casme2_sheet as sheet
from mertk_plugins.datasets._casme2_bind import Source, bind

_log = logging.getLogger("mertk.casme2")

_LINES = 10


@dataclass(frozen=True, slots=True)
class Survey:
    """What a folder of CASME II holds.

    `problems` has one line for each annotated clip that cannot be used, `unannotated` the clip
    folders that no row annotates: two of the original set, and no mistake.
    """

    sheet: Path
    edition: str
    tree: Path
    kind: str
    rows: int
    clips: tuple[mertk.Clip, ...]
    problems: tuple[str, ...]
    unannotated: tuple[str, ...]


class CASME2:
    """CASME II, from its spreadsheet and one of its frame trees.

    `tree` chooses the frames: raw, selected (raw, cut to the expression), cropped, or the first
    that exists of selected, raw, cropped. Clips are always cut to onset … offset. `repair` says
    which known errors of the spreadsheet are corrected. With `missing` 'skip', annotated clips
    without frames are left out with a warning instead of being an error. `sheet` names the
    spreadsheet to read where the newest edition is not wanted.
    """

    default_protocol = "casme2_3"
    obtain = "casme.psych.ac.cn/casme/e2 (agreement signed by a permanent member of staff)"

    def __init__(
        self,
        *,
        tree: Literal["auto", "raw", "selected", "cropped"] = "auto",
        repair: Literal["none", "official", "recommended"] = "recommended",
        missing: Literal["error", "skip"] = "error",
        sheet: str | None = None,
    ) -> None:
        self.tree: Literal["auto", "raw", "selected", "cropped"] = tree
        self.repair: Literal["none", "official", "recommended"] = repair
        self.missing, self.sheet = missing, sheet

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row of the spreadsheet; raises `DataError` where the folder is not right."""
        survey = self.survey(root)
        if survey.problems and self.missing == "error":
            raise mertk.DataError(
                f"{_summary(survey)}\nRestore the files, or leave these clips out with "
                "casme2:missing=skip; the clip list is then no longer the published one"
            )
        if not survey.clips:
            raise mertk.DataError(f"{_summary(survey)}\n{files.LAYOUT}")
        if survey.problems:
            _log.warning("%s", _summary(survey))
        if survey.edition == sheet.UNRECOGNISED and not survey.clips[0].record["synthetic"]:
            _log.warning(
                "%s: %d rows and their emotions are no published edition (20140508 and 20190701: "
                "255 rows; updated: 256)", survey.sheet, survey.rows,
            )  # fmt: skip
        return survey.clips

    def survey(self, root: Path | None, /) -> Survey:
        """Everything that can be said about a folder, with problems listed instead of raised."""
        folder = _folder(root)
        found = files.search(folder)
        table = data.sheets.read_table(files.choose_sheet(found, folder, self.sheet))
        rows = sheet.annotated(table)
        tree = files.choose_tree(found, folder, self.tree)
        edition = sheet.edition(table, rows)
        synthetic = data.record.is_synthetic(folder)
        source = Source(folder, edition, tree.kind, self.repair, synthetic)
        clips, problems = _bound(source, tree, rows)
        return Survey(
            sheet=table.file,
            edition=edition,
            tree=tree.path,
            kind=tree.kind,
            rows=len(rows),
            clips=tuple(clips),
            problems=tuple(problems),
            unannotated=tuple(_unannotated(tree, rows)),
        )


def _folder(root: Path | None) -> Path:
    if root is None:
        raise mertk.DataError(
            f"casme2 needs the folder of the data set: --data casme2=FOLDER. {files.LAYOUT}"
        )
    folder = Path(root)
    if not folder.is_dir():
        raise mertk.DataError(f"casme2: there is no folder {folder}. {files.LAYOUT}")
    if not any(folder.iterdir()):
        raise mertk.DataError(f"casme2: the folder {folder} is empty. {files.LAYOUT}")
    return folder


def _bound(
    source: Source, tree: files.Tree, rows: Sequence[sheet.Annotation]
) -> tuple[list[mertk.Clip], list[str]]:
    clips: list[mertk.Clip] = []
    problems = []
    for row in rows:
        folder = tree.find(row.number, row.clip)
        try:
            if folder is None:
                problems.append(f"{row.key} (row {row.row}): no folder in {tree.path}")
            else:
                clips.append(bind(source, row, folder))
        except mertk.DataError as problem:
            problems.append(f"{row.key} (row {row.row}): {problem}")
    return clips, problems


def _unannotated(tree: files.Tree, rows: Sequence[sheet.Annotation]) -> list[str]:
    known = {row.key.lower() for row in rows}
    on_disk = [f"sub{n:02d}/{clip}" for n in sorted(tree.subjects) for clip in tree.clips(n)]
    return [key for key in on_disk if key.lower() not in known]


def _summary(survey: Survey) -> str:
    lines = survey.problems[:_LINES]
    more = len(survey.problems) - len(lines)
    head = (
        f"casme2: {len(survey.problems)} of {survey.rows} annotated clips of {survey.sheet.name} "
        f"have no usable frames in {survey.tree}:"
    )
    tail = [f"… and {more} more"] if more else []
    return "\n  ".join([head, *lines, *tail])


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("casme2", CASME2, paper="doi:10.1371/journal.pone.0086041")
