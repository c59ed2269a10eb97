"""Shared results as one self-contained HTML page: a table a protocol and set of clips.

The page needs no network, and all text is escaped. Its one script sorts tables; without it
everything can be read. A model's latest result is in the table, earlier ones are below it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.core.recipe import Use
from mertk.evaluation.bundle_checks import check_bundle
from mertk.evaluation.bundle_files import Bundle, find_bundles, read_bundle
from mertk.plugins.loader import Plugins
from mertk.report.literature import LEAKS, read_published_scores
from mertk.report.page import make_environment
from mertk.storage.atomic_files import check_files, write_files
from mertk.storage.audit_record import describe_record

PAGE = "index.html"

_WIDTH = 100  # of the picture of a score


def write_leaderboard(folders: Sequence[Path], out: Path, plugins: Plugins) -> Path:
    """Check the bundles below these folders, and write their page into a folder.

    Raises `StorageError` where a bundle does not agree with itself, and where a file is in the
    way: nothing is written then.
    """
    check_files(out, [PAGE])
    bundles = []
    for folder in find_bundles(*folders):
        problems = check_bundle(folder, plugins)
        if problems:
            raise StorageError(f"{problems[0]}; `mertk results verify` lists all problems")
        bundles.append(read_bundle(folder))
    write_files(out, {PAGE: render_leaderboard(bundles)})
    return Path(out) / PAGE


def render_leaderboard(bundles: Sequence[Bundle]) -> str:
    """The page as text."""
    groups: dict[str, list[Bundle]] = {}
    for bundle in bundles:
        identity = bundle.about["identity"]
        protocol = identity["protocol"]
        group = [protocol["name"], protocol["params"], identity["clip_list"], identity["classes"]]
        groups.setdefault(repr(group), []).append(bundle)
    ordered = sorted(groups.values(), key=lambda group: _name_clips(group[0]))
    tables = list(map(_make_table, ordered))
    models: dict[str, dict[int, Mapping[str, Any]]] = {}
    for at, table in enumerate(tables):
        for row in table["rows"]:
            models.setdefault(row["model"], {})[at] = row
    codes = {code for table in tables for row in table["published"] for code in row["codes"]}
    return (
        make_environment()
        .get_template("leaderboard.html.j2")
        .render(
            tables=tables,
            models=dict(sorted(models.items())),
            leaks={code: LEAKS[code] for code in LEAKS if code in codes | {"L0"}},
            width=_WIDTH,
        )
    )


def _make_table(bundles: Sequence[Bundle]) -> dict[str, Any]:
    """One protocol on one set of clips: each model's latest result, earlier ones, and papers."""
    first = bundles[0].about
    scores = first["score_names"]
    chance = {name: first["chance"][name] for name in scores}
    latest: dict[str, Bundle] = {}
    earlier: list[Bundle] = []
    for bundle in sorted(bundles, key=_get_day, reverse=True):
        if latest.setdefault(bundle.about["name"], bundle) is not bundle:
            earlier.append(bundle)
    rows = [_make_row(bundle, scores) for bundle in latest.values()]
    rows.sort(key=lambda row: -(row["scores"][0]["value"] or 0))
    synthetic = bool(first["provenance"].get("synthetic"))
    published = first["provenance"].get("published") or {}
    return {
        "title": first["identity"]["protocol"]["name"],
        "clips": _name_clips(bundles[0]),
        "synthetic": synthetic,
        "differences": published.get("differences", []),
        "counts": first["counts"],
        "list": first["identity"]["clip_list"][:12],
        "scores": scores,
        "chance": chance,
        "band": [round(_WIDTH * end, 1) for end in chance[scores[0]]],
        "rows": rows,
        "history": [_make_row(bundle, scores) for bundle in earlier],
        "published": [] if synthetic else _list_published(first, scores),
    }


def _name_clips(bundle: Bundle) -> str:
    """The protocol and the data sets, as a title has them."""
    identity = bundle.about["identity"]
    datasets = ", ".join(str(Use.from_json(use)) for use in identity["datasets"])
    return f"{identity['protocol']['name']} · {datasets}"


def _get_day(bundle: Bundle) -> str:
    return str(bundle.about["provenance"].get("made", ""))


def _make_row(bundle: Bundle, scores: Iterable[str]) -> dict[str, Any]:
    """What the table shows of one result."""
    about = bundle.about
    provenance = about["provenance"]
    marks = [name for name in ("collapsed",) if about[name]]
    if any(provenance.get("seen_before", {}).values()):
        marks.append("weights were pretrained on these data sets")
    cells = [about["scores"][name] for name in scores]
    return {
        "model": about["name"],
        "floor": about["floor"],
        "scores": cells,
        "bar": [round(_WIDTH * (cells[0][end] or 0.0), 1) for end in ("low", "value", "high")],
        "leak": _describe_leaks(about["audit"]),
        "audit": describe_record(about["audit"]),
        "seeds": about["counts"]["seeds"],
        "by": about["by"] or "not said",
        "day": _get_day(bundle)[:10],
        "release": provenance.get("releases", {}).get("mertk", ""),
        "marks": marks,
        "key": about["key"][:12],
    }


def _describe_leaks(audit: Mapping[str, Any] | None) -> str:
    """The leak code of a result of mertk, whose schedules are fixed before the folds."""
    if audit is None:
        return "L0, not audited"
    return "L0, audited" if audit.get("outcome") == "passed" else f"audit: {audit.get('outcome')}"


def _list_published(about: Mapping[str, Any], scores: Sequence[str]) -> list[dict[str, Any]]:
    """What papers report under a protocol on all of its clips, a row a method."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    table = read_published_scores()
    chosen = table[
        (table["protocol"] == about["identity"]["protocol"]["name"]) & (table["part"] == "")
    ]
    for line in chosen.to_dict("records"):
        key = line["method"], line["source"], line["leak"]
        row = found.setdefault(key, {"notes": [], "values": dict.fromkeys(scores, "–")})
        row |= {"method": line["method"], "source": line["source"], "leak": line["leak"]}
        row["codes"] = line["leak"].split("+")
        if line["score"] in scores:
            row["values"][line["score"]] = line["value"]
        if line["note"] and line["note"] not in row["notes"]:
            row["notes"].append(line["note"])
    return [row for row in found.values() if set(row["values"].values()) != {"–"}]
