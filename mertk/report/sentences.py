"""The sentences below a table of scores, and the results as JSON."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mertk.core.printing import count_noun
from mertk.core.recipe import Use
from mertk.core.tuning import Tuning
from mertk.evaluation import statistics
from mertk.evaluation.breakdowns import count_choices, score_labels
from mertk.evaluation.statistics import ALPHA
from mertk.report.verdict import list_verdicts
from mertk.storage.identity import find_flow_engines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from mertk.evaluation.results import Results
    from mertk.evaluation.statistics import Paired
    from mertk.storage.ledger import Run

MARK = " †"
COLLAPSED = " (collapsed)"
LEAKED = "LEAKED: held-out clips were used in training; do not compare with the scores above"


CHOICES = "chosen in each fold, on its training clips"


def format_title(results: Results) -> str:
    """The data sets, the protocol, and the clips that are scored if not all are."""
    part = f" · PARTIAL: {results.scope}" if results.scope else ""
    common = f" · all models: {results.common_name}" if results.common_name else ""
    return f"{', '.join(results.datasets)} · {results.protocol} · pooled over folds{part}{common}"


def list_warnings(results: Results) -> list[str]:
    """Warnings for the reader of the scores: unfinished runs, synthetic or other clips."""
    found = [f"{line}." for line in results.notices]
    if results.scope:
        found.append(
            f"PARTIAL: the scores are of {results.scope}, those that every run of the table has "
            "predicted. They are not scores of the protocol."
        )
    if results.synthetic:
        found.append(
            "These clips are SYNTHETIC: a program made them. The scores show that the methods run "
            "and learn, not how well they recognise filmed expressions."
        )
    published = results.published
    if published and published["differences"]:
        found.append(
            f"NOT the clips of {_describe_published_list(results, published)}: "
            f"{'; '.join(published['differences'])}. "
            "The scores cannot be compared with published ones."
        )
    if results.excluded:
        found.append(
            f"Left out by --exclude ({len(results.excluded)}): {', '.join(results.excluded)}. The "
            "scores are of the other clips."
        )
    for outcome in results.outcomes:
        for slot, names in outcome.seen_before.items():
            found.append(
                f"† {outcome.name}: the weights of {slot} were pretrained on {', '.join(names)}; "
                "held-out subjects may be in the pretraining data."
            )
    return found + list(_describe_failures(results))


def _describe_failures(results: Results) -> Iterator[str]:
    """Models that learnt nothing, and features that nothing can be learnt from."""
    for outcome in [*results.outcomes, *results.leaked]:
        if outcome.is_collapsed:
            yield (
                f"COLLAPSED: {outcome.name} predicts one class for all clips of a fold, in every "
                "fold. It has learnt nothing from the clips: see its features and its training."
            )
        if faults := outcome.run.feature_faults:
            yield f"FEATURES of {outcome.name}: {'; '.join(faults)}."


def _name_flow_engines(results: Results) -> Iterator[str]:
    """Whose TV-L1 a model's flow is: the two that there are differ."""
    for outcome in results.outcomes:
        engines = find_flow_engines(outcome.run.identity["components"])
        for made in sorted({made for made in engines.values() if made.startswith("tvl1 ")}):
            yield f"{outcome.name}: optical flow is {made}; other engines give other flow."


def list_preset_notes(results: Results) -> list[str]:
    """What a reader must know of the presets that ran, such as an input that no paper has."""
    return [f"{one.name}: {one.preset_note}" for one in results.outcomes if one.preset_note]


def list_sentences(results: Results) -> list[str]:
    """The sentences below the table: warnings, chance level, comparisons with the first model."""
    found = list_warnings(results)
    published = results.published
    if published and not published["differences"]:
        found.append(_as_published(results, published))
    if presets := [outcome.name for outcome in results.outcomes if outcome.has_preset]:
        found.append(f"Presets used: {', '.join(presets)}.")
    found += _name_flow_engines(results)
    found += list_preset_notes(results)
    for outcome in results.outcomes:
        for slot, name in outcome.from_scratch.items():
            found.append(
                f"{outcome.name}: {name} ({slot}) starts from random weights, not from "
                "pretrained ones."
            )
    low, high = results.chance[results.main_score]
    others = "the training set" if results.tests_all else "the other tested subjects"
    found.append(
        f"Chance level: {results.main_score} {low:.3f}–{high:.3f} (95 %), of random predictions "
        f"with the class frequencies of {others}."
    )
    found += few_subjects(results)
    found += _describe_searches(results)
    found += _describe_keyframes(results)
    found += _without_a_class(results)
    found += _describe_spreads(results)
    found += _describe_subjects(results)
    if results.tried > 1:
        found.append(
            f"{count_noun(results.tried, 'configuration')} evaluated on this protocol in "
            f"{results.runs[0].path.parent.name}; the best score is optimistically biased."
        )
    found += describe_leaks(results)
    models = [outcome.name for outcome in results.models]
    for (a, b), test in results.comparisons().items():
        if b in models:
            found.append(describe_difference(a, b, test))
    return found


def few_subjects(results: Results) -> list[str]:
    """Which intervals have too low a coverage, because there are few subjects."""
    counts = {"all clips": len(results.outcomes[0].subjects)}
    for row in results.parts().to_dict("records"):
        counts[row["part"]] = row["subjects"]
    for row in results.remapped().to_dict("records"):
        counts[f"label map {row['map']}"] = row["subjects"]
    return describe_coverage(counts)


def describe_coverage(subjects: Mapping[str, int]) -> list[str]:
    """A line for each number of subjects that is too small, given those of several sets of clips.

    The percentages are measured in benchmarks/coverage.py.
    """
    found = []
    for count in sorted({*subjects.values()} - {0}):
        of = ", ".join(name for name, number in subjects.items() if number == count)
        if count == 1:
            found.append(f"No interval of {of} is valid: there is only one subject.")
        elif count < statistics.ENOUGH_SUBJECTS:
            mean, least = statistics.COVERED[count]
            found.append(
                f"Intervals of {of}: few subjects. With {count_noun(count, 'subject')}, a 95 % "
                f"interval contains "
                f"the true score about {mean} % of the time, and {least} % in the worst simulated "
                f"setting; use {statistics.ENOUGH_SUBJECTS} subjects or more."
            )
    return found


def describe_leaks(results: Results) -> list[str]:
    """How each replay leaks."""
    found = []
    for outcome in results.leaked:
        stages = ", ".join((outcome.run.replay or {})["once"])
        found.append(
            f"{outcome.name} is LEAKED: {stages} was fitted once, on all clips and labels, "
            "including those of the held-out subjects."
        )
    return found


def _describe_published_list(results: Results, published: Mapping[str, Any]) -> str:
    """The published list by protocol and edition."""
    edition = f" ({published['edition']})" if published["edition"] else ""
    return f"{results.protocol.name}{edition}"


def _as_published(results: Results, published: Mapping[str, Any]) -> str:
    of, clips = _describe_published_list(results, published), published["clips"]
    lost = published.get("incomplete", 0)
    without = f" {lost} of them lack frames between onset and offset." if lost else ""
    if published["compared"] == "list":
        but = " before clips were left out" if results.excluded else ""
        known = f"{clips}, list {published['list'][:12]}"
        return f"The clips{but} are those of {of} ({known}).{without}"
    return (
        f"The numbers of clips are those of {of} ({clips}). The list of clips itself was not "
        f"published.{without}"
    )


def _without_a_class(results: Results) -> list[str]:
    """Which parts have no score over classes."""
    parts = results.parts()
    if not len(parts):
        return []
    lost = parts[parts[list(results.chance)].isna().any(axis=1)]["part"].unique()
    return [f"No scores over classes for {', '.join(lost)}: a class has no clip."] * any(lost)


def _describe_searches(results: Results) -> Iterator[str]:
    """How each model whose parameters are chosen in the folds chooses them."""
    for outcome in results.models:
        stored = outcome.run.identity["recipe"].get("tuning")
        if stored:
            tuning = Tuning.from_json(stored)
            score = "mean binary F1" if results.multilabel else "UF1"
            picked = " picked by optuna" if tuning.trials else ""
            yield (
                f"{outcome.name}: in each fold, {', '.join(tuning.space)} was chosen among "
                f"{tuning.count} combinations{picked}, by the {score} of {tuning.folds} inner "
                "folds of whole training subjects (of one subject each where there are fewer). The "
                "held-out subjects were not used."
            )


def _describe_keyframes(results: Results) -> list[str]:
    """Which models use annotated key frames, which a real application does not have."""
    models: dict[str, list[str]] = {}
    for outcome in results.models:
        used = ", ".join(outcome.run.keyframes) or "none"
        models.setdefault(used, []).append(outcome.name)
    text = "; ".join(f"{', '.join(names)}: {used}" for used, names in models.items())
    return [f"Key-frame annotations used: {text}."] if text else []


def _describe_spreads(results: Results) -> list[str]:
    """The standard deviation over seeds, of models with several seeds."""
    found = []
    for row in results.table().to_dict("records"):
        if row["seeds"] > 1 and not row["floor"]:
            text = ", ".join(f"{name} {row[f'{name}_sd']:.3f}" for name in results.chance)
            found.append(
                f"Standard deviation of {row['model']} over {count_noun(row['seeds'], 'seed')}: "
                f"{text}."
            )
    return found


def _describe_subjects(results: Results) -> list[str]:
    """Accuracy by subject, of models: the mean, and that of the worst-served tenth."""
    if not results.models:
        return []
    score = "F1" if results.multilabel else "Accuracy"
    texts = []
    for row in results.table().to_dict("records"):
        if not row["floor"]:
            texts.append(f"{row['model']} {row['subject_mean']:.2f} and {row['worst_tenth']:.2f}")
    what = f"{score} by subject, mean and mean of the worst-served tenth of subjects"
    return [f"{what}: {', '.join(texts)}."]


def describe_difference(a: str, b: str, test: Paired) -> str:
    """One sentence on A against B; "above" or "below" only if the test is significant."""
    holm = f", Holm over {test.family} comparisons" if test.family > 1 else ""
    how = (
        f"{test.difference:+.3f} {test.score} (95 % interval {test.low:+.3f} … {test.high:+.3f}; "
        f"p = {test.corrected:.4f}, paired permutation over {test.subjects} subjects"
        f"{', exact' if test.exact else ''}{holm}; rank-biserial correlation {test.effect:+.2f})"
    )
    if test.corrected < ALPHA:
        return f"{a} scores {'above' if test.difference > 0 else 'below'} {b}: {how}."
    return f"No significant difference between {a} and {b}: {how}."


def format_command(run: Run) -> str:
    """The command that repeats a run whose data sets `mertk data add` knows; empty for a replay."""
    if run.replay or run.variant.get("jitter"):
        return ""
    keyframes = run.variant.get("keyframes", "given")
    stored = run.identity["protocol"]
    protocol = Use(stored["name"], **stored["params"])
    words = ["mertk", "bench", "--model", f"{run.path.parent.name}/{run.path.name}"]
    for dataset in run.identity["datasets"]:
        words += ["--dataset", str(Use.from_json(dataset))]
    words += ["--protocol", str(protocol), "--seeds", ",".join(map(str, run.seeds))]
    words += ["--keyframes", keyframes] if keyframes != "given" else []
    return shlex.join([*words, "--out", "repeated"])


def to_json(results: Results) -> dict[str, Any]:
    """Everything that the tables and the sentences hold, as JSON."""
    comparisons = []
    for (a, b), test in results.comparisons().items():
        row = {"a": a, "b": b, **asdict(test)}
        row["p_holm"], row["rank_biserial"] = row.pop("corrected"), row.pop("effect")
        comparisons.append(row)
    return {
        "datasets": results.datasets,
        "synthetic": results.synthetic,
        "protocol": results.protocol.to_json(),
        "classes": list(results.classes),
        "partial": results.scope or None,
        "notices": results.notices,
        "models": _make_plain_rows(results.table()),
        "fold_means": _make_plain_rows(results.fold_means()),
        "configurations_tried": results.tried,
        "keyframes": {o.name: list(o.run.keyframes) for o in results.outcomes},
        "sweep": _make_plain_rows(results.sweep_table()),
        "epochs": _make_plain_rows(results.epochs_table()),
        "leaked": _make_plain_rows(results.leaked_table()),
        "label_maps": _make_plain_rows(
            results.remapped().drop(columns="subjects", errors="ignore")
        ),
        "parts": _make_plain_rows(results.parts()),
        "published": results.published,
        "excluded": results.excluded,
        "chance": results.chance,
        "comparisons": comparisons,
        "choices": count_choices([*results.outcomes, *results.leaked]),
        "per_label": score_labels(results).to_dict("records"),
        "verdicts": list_verdicts(results),
        "sentences": list_sentences(results),
    }


def _make_plain_rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows for JSON, which knows no NaN."""
    return table.astype(object).where(table.notna(), None).to_dict("records")
