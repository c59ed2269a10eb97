"""What in a shared results bundle does not agree: each problem in one line.

Nothing that a bundle says is believed. Its files are read without trust, the hash of its clip list,
its key, scores, intervals and chance level are computed anew, and it must hold no path and no id
that is not published.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.errors import MertkError, describe_error
from mertk.core.offers import get_offer
from mertk.core.recipe import Use
from mertk.datasets.binding import make_listed_clip
from mertk.evaluation import pseudonyms
from mertk.evaluation.bundle_files import CLIPS, PREDICTIONS, Bundle, read_bundle
from mertk.evaluation.bundle_scores import compute_scores, hash_clips
from mertk.plugins.loader import Plugins
from mertk.plugins.registry import Registry
from mertk.storage.identity import hash_json

_NEAR = 2e-6  # scores are stored with six digits


def check_bundle(folder: Path, plugins: Plugins) -> list[str]:
    """The problems of a bundle, one line each, that begins with its folder; empty where none is."""
    try:
        bundle = read_bundle(folder)
        problems = [*_check_about(bundle, plugins.registry)]
        problems += _check_published(bundle, plugins.registry)
        problems += _check_scores(bundle, plugins)
    except MertkError as error:
        problems = [" ".join(str(error).split())]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problems = [f"its parts do not fit each other ({describe_error(error)})"]
    return [line if str(folder) in line else f"{folder}: {line}" for line in problems]


def _check_about(bundle: Bundle, registry: Registry) -> Iterator[str]:
    """What does not agree without looking at the predictions."""
    about, identity = bundle.about, bundle.about["identity"]
    others = set(about["sha256"]) - {CLIPS, PREDICTIONS}
    if others:
        yield f"it names the file {min(others)}, which is no file of a bundle"
    if identity["clip_list"] != hash_clips(bundle.clips, bundle.classes):
        yield f"the hash of the clip list is not that of {CLIPS}"
    if about["key"] != hash_json(identity)[:16]:
        yield "the key is not that of the identity"
    if not about["left_out"] and not about["replaced_ids"] and about["run"] != about["key"]:
        yield "the key of the run is not that of the identity"
    if not bundle.path.resolve().name.endswith(f"-{about['key'][:12]}"):
        yield f"its folder is not named by its key {about['key'][:12]}"
    found: list[str] = []
    for part in ("name", "identity", "provenance", "audit"):
        pseudonyms.clean_value(about[part], part, found)
    for place in found:
        if not place.startswith(("identity.excluded.", "identity.classes.")):
            yield f"{place} holds a path or a file name"
    yield from _check_ids(bundle, registry)
    names = {use["name"] for use in identity["datasets"]}
    made = any(name.startswith("synthetic") for name in names)
    if made and not about["provenance"]["synthetic"]:  # clips in the layout of another set say so
        yield "it does not say that its clips are synthetic"


def _check_ids(bundle: Bundle, registry: Registry) -> Iterator[str]:
    """Clips of other data sets, and ids that may tell a name."""
    names = {use["name"] for use in bundle.about["identity"]["datasets"]}
    for uid, facts in bundle.clips.items():
        dataset = uid.partition("/")[0]
        if dataset not in names:
            yield f"the clip {uid} is of none of its data sets"
            return
        own = pseudonyms.keeps_ids(registry, dataset)
        person = facts["person"]
        if not own and not re.fullmatch(rf"{re.escape(person)}/c\d{{3,}}", uid):
            yield f"the id {uid} may tell a name: ids of {dataset} are to be numbers"
            return
        if not own and not re.fullmatch(rf"{re.escape(dataset)}/p\d{{3,}}", person):
            yield f"the id {person} may tell a name: ids of {dataset} are to be numbers"
            return


def _check_published(bundle: Bundle, registry: Registry) -> Iterator[str]:
    """Whether clips that are said to be the published ones have the published numbers."""
    published = bundle.about["provenance"].get("published")
    identity = bundle.about["identity"]
    if not published or published["differences"] or identity.get("multilabel"):
        return
    stored = identity["protocol"]
    if registry.get("protocol", stored["name"]).open:
        return
    rules = registry.build("protocol", Use(stored["name"], **stored["params"]))
    manifests = get_offer("protocol", rules, "manifests")
    clips, labels = [], []
    for uid, facts in bundle.clips.items():
        labels.append(bundle.classes[facts["truth"]])
        why = "a results bundle holds no frames"
        clips.append(make_listed_clip(uid, facts["person"], labels[-1], why))
    if identity.get("excluded") or not manifests:
        return
    if all(one.distance(clips, labels) for one in manifests):
        yield "its clips are not as many as the published list that it names has"


def _check_scores(bundle: Bundle, plugins: Plugins) -> Iterator[str]:
    """Every number that is computed from predictions."""
    name = bundle.about["identity"]["protocol"]["name"]
    if plugins.registry.get("protocol", name).open:
        yield f"protocol {name} runs code that its parameters name: it is not computed anew"
        return
    found = compute_scores(bundle, plugins)
    for part, value in found.items():
        yield from _compare(part, value, bundle.about[part])


def _compare(place: str, found: Any, told: Any) -> Iterator[str]:
    """The numbers of nested data that differ."""
    if isinstance(found, Mapping):
        if not isinstance(told, Mapping) or set(told) != set(found):
            yield f"{place} does not have the parts that are computed: {', '.join(found)}"
            return
        for name, value in found.items():
            yield from _compare(f"{place} {name}", value, told[name])
    elif isinstance(found, Sequence) and not isinstance(found, str):
        if not isinstance(told, list) or len(told) != len(found):
            yield f"{place} has not {len(found)} entries"
            return
        for at, value in enumerate(found):
            yield from _compare(f"{place} {at}", value, told[at])
    elif isinstance(found, float) and isinstance(told, (int, float)):
        if not abs(found - told) <= _NEAR:
            yield f"{place} is {told}, computed {found}"
    elif found != told:
        yield f"{place} is {told}, computed {found}"
