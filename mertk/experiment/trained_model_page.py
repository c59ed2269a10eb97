"""The model card of a trained model: its recipe, training data and scores."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mertk.core.escaping import markdown_code, markdown_text
from mertk.core.printing import count_noun
from mertk.core.recipe import Recipe, Use
from mertk.experiment.open_study import OpenStudy
from mertk.storage.ledger import Run

_PEOPLE = "Do not use it for decisions about people."


def find_measured_scores(study: OpenStudy, named: Mapping[str, Any]) -> dict[str, Any] | None:
    """The scores of the study's model on unseen people, from a finished run of `bench`.

    None where the study's folder of runs holds no whole run of this identity.
    """
    from mertk.evaluation.results import Results

    variant = study.variants[0]
    run = Run.find(study.execution.runs_folder, variant.name, named)
    if not run or not run.contents().whole:
        return None
    results = Results([run], study.plugins)
    row = results.table().to_dict("records")[0]
    scores = []
    for name in results.chance:
        scores.append([name, row[name], row[f"{name}_low"], row[f"{name}_high"]])
    return {"run": run.path.name, "seeds": len(run.seeds), "scores": scores}


def format_warning(about: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
    """The warning that is printed with every prediction of the model.

    `escape` makes names safe for the format of the page.
    """
    sets = escape(", ".join(str(Use.from_json(one)) for one in about["identity"]["datasets"]))
    made = " (made by a program, not filmed)" if about["synthetic"] else ""
    return (
        f"Predictions from a few frames by {escape(about['name'])}, trained on "
        f"{count_noun(about['clips'], 'clip')} of {count_noun(about['subjects'], 'subject')} of "
        f"{sets}{made}. "
        f"{_format_scores(about, escape)} {_PEOPLE}"
    )


def _format_scores(about: Mapping[str, Any], escape: Callable[[str], str]) -> str:
    found = about["measured"]
    if not found:
        return (
            "Its scores on unseen people were not measured; run `mertk bench` with this model "
            "first."
        )
    scores = []
    for name, value, low, high in found["scores"]:
        scores.append(f"{escape(name)} {value:.3f} ({low:.3f}–{high:.3f})")
    protocol = escape(about["identity"]["protocol"]["name"])
    return f"Its scores on unseen people: {', '.join(scores)}, in the folds of {protocol}."


def describe_needed_trust(trust: Sequence[str]) -> str:
    """The `--trust` options that `mertk predict` needs, in a sentence."""
    options = " ".join(f"--trust {name}" for name in trust)
    return f"The model uses code outside mertk, which `mertk predict` imports: it needs {options}."


def format_card(about: Mapping[str, Any]) -> str:
    """The model card, in Markdown."""
    identity, provenance = about["identity"], about["provenance"]
    recipe = ""
    for place, use in Recipe.from_json(identity["recipe"]).places().items():
        recipe += f"- {markdown_text(place)}: {markdown_code(str(use))}\n"
    for name, value in about.get("choices", {}).items():
        recipe += f"- chosen in training: {markdown_code(f'{name} = {value}')}\n"
    weights = f"Trained weights: {about['weights']:,}.\n\n" if about["weights"] else ""
    releases = ", ".join(map(" ".join, provenance.get("releases", {}).items()))
    measured = about["measured"]
    scores = f"- scores from the run {markdown_code(measured['run'])}\n" if measured else ""
    trust = describe_needed_trust(about["trust"]) + "\n" if about.get("trust") else ""
    return f"""# {markdown_text(about["name"])}

{format_warning(about, markdown_text)}

Classes: {", ".join(map(markdown_text, identity["classes"]))} (protocol \
{markdown_code(identity["protocol"]["name"])}).

## Recipe

{recipe}
{weights}## Provenance

- clip list `{identity["clip_list"]}`, seed {about["seed"]}
- made {provenance.get("made", "")} with {releases}
- components of {", ".join(map(markdown_text, provenance["origins"]))}
{scores}- the licences of the training data also apply to the model

Use it with `mertk predict`. `model.json` and `arrays.safetensors` contain no code.
{trust}"""
