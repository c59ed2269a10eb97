"""The model card of a trained model: its recipe, training data and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mertk.core.escaping import markdown_code, markdown_text
from mertk.core.recipe import Recipe, Use
from mertk.storage.ledger import Run

if TYPE_CHECKING:
    from mertk.experiment.study import OpenStudy

_PEOPLE = "Do not use it for decisions about people."


def find_measured_scores(study: OpenStudy, named: Mapping[str, Any]) -> dict[str, Any] | None:
    """The scores of the study's model on people it has not seen, if `bench` has measured them.

    They are those of the run of this identity where the study's runs lie, with all its folds;
    None where there is no such run.
    """
    from mertk.evaluation.results import Results

    variant = study.variants[0]
    run = Run.find(study.execution.runs_folder, variant.name, named)
    if not run or not run.contents().whole:
        return None
    results = Results([run], study.plugins)
    row = results.table().to_dict("records")[0]
    scores = [
        [name, *(row[f"{name}{end}"] for end in ("", "_low", "_high"))] for name in results.chance
    ]
    return {"run": run.path.name, "seeds": len(run.seeds), "scores": scores}


def format_warning(about: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
    """The warning that goes with every prediction of the model, in two or three sentences.

    `escape` makes the names in it safe for the format that it is written to.
    """
    sets = escape(", ".join(str(Use.from_json(one)) for one in about["identity"]["datasets"]))
    made = " (made by a program, not filmed)" if about["synthetic"] else ""
    return (
        f"Predictions from a few frames by {escape(about['name'])}, trained on {about['clips']} "
        f"clips of {about['subjects']} subjects of {sets}{made}. "
        f"{_format_scores(about, escape)} {_PEOPLE}"
    )


def _format_scores(about: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    found = about["measured"]
    if not found:
        return (
            "Its scores on unseen people were not measured; run `mertk bench` with this model "
            "first."
        )
    told = ", ".join(
        f"{escape(name)} {value:.3f} ({low:.3f}–{high:.3f})"
        for name, value, low, high in found["scores"]
    )
    protocol = escape(about["identity"]["protocol"]["name"])
    return f"Its scores on unseen people: {told}, in the folds of {protocol}."


def describe_needed_trust(trust: Sequence[str]) -> str:
    """The `--trust` options that `mertk predict` needs, in a sentence."""
    options = " ".join(f"--trust {name}" for name in trust)
    return f"The model uses code outside mertk, which `mertk predict` imports: it needs {options}."


def format_card(about: Mapping[str, Any]) -> str:
    """The model card, in Markdown."""
    recipe = Recipe.from_json(about["identity"]["recipe"])
    parts = [
        f"- {markdown_text(place)}: {markdown_code(str(use))}"
        for place, use in recipe.places().items()
    ]
    classes = ", ".join(map(markdown_text, about["identity"]["classes"]))
    origins = ", ".join(map(markdown_text, about["provenance"]["origins"]))
    protocol = about["identity"]["protocol"]
    releases = about["provenance"].get("releases", {})
    return "\n".join(
        [
            f"# {markdown_text(about['name'])}",
            "",
            format_warning(about, markdown_text),
            "",
            f"Classes: {classes} (protocol {markdown_code(protocol['name'])}).",
            "",
            "## Recipe",
            "",
            *parts,
            "",
            *([f"Trained weights: {about['weights']:,}.", ""] if about["weights"] else []),
            "## Provenance",
            "",
            f"- clip list `{about['identity']['clip_list']}`, seed {about['seed']}",
            f"- made {about['provenance'].get('made', '')} with "
            + ", ".join(f"{name} {release}" for name, release in releases.items()),
            f"- components of {origins}",
            *(
                [f"- scores from the run {markdown_code(about['measured']['run'])}"]
                if about["measured"]
                else []
            ),
            "- the licences of the training data also apply to the model",
            "",
            "Use it with `mertk predict`. `model.json` and `arrays.safetensors` contain no code.",
            *([describe_needed_trust(about["trust"])] if about.get("trust") else []),
            "",
        ]
    )
