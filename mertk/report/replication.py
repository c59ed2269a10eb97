"""The report of a replication: what was checked, audited, run and published, on one page.

The tables of scores, with the published ones beside ours, are those of `report.html`; this page
says what stands around them, and links to the pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.evaluation.results import Results
from mertk.report import literature, sentences
from mertk.report.page import make_environment
from mertk.storage.atomic_files import write_file

PAGE = "replication.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """What a replication found.

    Args:
        study: the name of the study.
        text: the study as a file.
        health: by data set the verdict of its check.
        audits: by model what its audit found.
        results: all runs, those of oracle gaps and leaky replays with them.
        links: by title the other pages, relative to this one.
        bundles: the folders of the results bundle, relative to this one.
        failed: by model the error that kept it from being run.
        plan: the expected time of each model, told before they were run.
        quick: whether it is a try with few models.
    """

    study: str
    text: str
    health: Mapping[str, str]
    audits: Mapping[str, str]
    results: Results
    links: Mapping[str, str]
    bundles: Sequence[str]
    failed: Mapping[str, str]
    plan: Sequence[str]
    quick: bool


def write_replication(found: Replicated, folder: Path) -> Path:
    """Write the page into a folder, and give its path."""
    results = found.results
    scores = list(results.chance)
    page = (
        make_environment()
        .get_template("replication.html.j2")
        .render(
            found=found,
            title=f"Replication of {found.study}",
            warnings=[*sentences.list_warnings(results), *sentences.describe_leaks(results)],
            sentences=sentences.list_sentences(results),
            scores=scores,
            rows=_list_rows(results.table().to_dict("records"), scores),
            published=literature.find_published_beside(results),
            published_title=literature.TITLE,
            epochs=results.epochs_table().to_dict("records"),
            leaked=_list_rows(results.leaked_table().to_dict("records"), scores),
        )
    )
    write_file(folder / PAGE, page)
    return folder / PAGE


def _list_rows(rows: Sequence[Mapping[Any, Any]], scores: Sequence[str]) -> list[dict[str, Any]]:
    """By model the scores with their intervals, as text."""
    found = []
    for row in rows:
        cells = {"model": row["model"]}
        for score in scores:
            low, high = row[f"{score}_low"], row[f"{score}_high"]
            cells[score] = f"{row[score]:.3f} ({low:.3f}–{high:.3f})"
        found.append(cells)
    return found
