"""What is evaluated: models, data sets, folders, protocol and seeds.

`Study` is plain data. `Study.open` finds its clips, labels, folds and recipes, once for all
callers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mertk.core.errors import ParameterError
from mertk.core.options import DATA, WHAT, option
from mertk.core.progress import Progress, Silent
from mertk.core.recipe import Recipe, Use
from mertk.core.showing import Shown
from mertk.experiment import changes
from mertk.experiment.excluded_clips import join_excluded, parse_excluded
from mertk.experiment.execution import Execution
from mertk.experiment.variants import KeyFrames
from mertk.plugins.loader import Plugins, load_plugins

if TYPE_CHECKING:
    from mertk.experiment.open_study import OpenStudy
    from mertk.storage.ledger import Run

COMPONENT = "NAME[:KEY=VALUE,…]"


def parse_folder(text: str) -> tuple[str, str]:
    """Read `NAME=FOLDER`; for a bare folder, the one of the only data set, the name is ''."""
    name, equals, folder = text.partition("=")
    return (name, folder) if equals else ("", text)


def join_folders(given: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The folders by data set name; raises `ParameterError` for a bare one among several."""
    found = dict(given)
    if "" in found and len(given) > 1:
        raise ParameterError("several --data: write --data NAME=FOLDER for each")
    return found


def parse_numbers(text: str) -> list[int]:
    """Read a list such as 0,1,2: sorted, none twice, none negative."""
    try:
        found = sorted(set(map(int, text.split(","))))
    except ValueError:
        raise ParameterError(f"'{text}': give a list such as 0,1,2") from None
    if found[0] < 0:
        raise ParameterError(f"'{text}': numbers are not negative")
    return found


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Study(Shown):
    """What is evaluated, as plain data."""

    models: Sequence[str | Recipe] = option(
        (),
        group=WHAT,
        complete="model",
        names=("--model",),
        metavar="NAME[:PRESET]",
        several=True,
        help="Model, recipe (file) or folder of an earlier run; may be repeated.",
    )
    dataset: str | Use | Sequence[str | Use] | None = option(
        None,
        group=DATA,
        complete="dataset",
        metavar=COMPONENT,
        several=True,
        help="Data set; may be repeated. Default: those of the protocol, or else synthetic.",
    )
    data: Path | str | Mapping[str, Path | str] | None = option(
        None,
        group=DATA,
        metavar="[NAME=]FOLDER",
        parse=parse_folder,
        join=join_folders,
        several=True,
        help="Folder of a data set; may be repeated. Default: as given to `mertk data add`.",
    )
    protocol: str | Use | None = option(
        None,
        group=DATA,
        complete="protocol",
        metavar=COMPONENT,
        help="Evaluation protocol: classes, clips and folds. Default: that of the data set.",
    )
    preset: str | None = option(
        None,
        group=WHAT,
        metavar="NAME",
        help="Preset of the first model. Default on synthetic data: motion, or else quick.",
    )
    swaps: Sequence[changes.Swap] = option(
        (),
        group=WHAT,
        complete="slot",
        names=("--swap",),
        metavar="SLOT=NAME[:KEY=VALUE,…]",
        parse=changes.parse_swap,
        several=True,
        help="Replace a component of every model that has the slot; a+b for several fusion blocks. "
        "A model that is named twice is changed once. May be repeated.",
    )
    sets: Sequence[changes.Setting] = option(
        (),
        group=WHAT,
        names=("--set",),
        metavar="SLOT.PARAMETER=VALUE",
        parse=changes.parse_setting,
        several=True,
        help="Set a parameter of every model that has it, or of the data set (dataset.PARAMETER); "
        "may be repeated.",
    )
    sets_for: Sequence[str] = option(
        (),
        group=WHAT,
        names=("--set-for",),
        metavar="MODEL:PATH=VALUE",
        several=True,
        help="Change one model alone. PATH is SLOT (as in --swap) or SLOT.PARAMETER (as in --set). "
        "May be repeated.",
    )
    sweeps: Sequence[str | Sequence[str]] = option(
        (),
        group=WHAT,
        names=("--sweep",),
        metavar="PATH=VALUE,VALUE",
        several=True,
        help="Run variants of the first model. PATH is SLOT (as in --swap) or SLOT.PARAMETER (as "
        "in --set). Several sweeps give all combinations; in a study file, those of one list.",
    )
    tunes: Sequence[str] = option(
        (),
        group=WHAT,
        names=("--tune",),
        metavar="SLOT.PARAMETER=VALUE,VALUE",
        several=True,
        help="Also run the first model with this parameter chosen inside each fold, on inner folds "
        "of the training subjects. Several give all combinations. LOW..HIGH, or LOW..HIGH:log, is "
        "a range of numbers, for --trials.",
    )
    inner_folds: int = option(
        5, group=WHAT, least=2, help="Number of inner folds of whole subjects for --tune."
    )
    trials: int = option(
        0,
        group=WHAT,
        least=0,
        help="Number of combinations that --tune tries, picked by optuna (mertk[tune]). 0 tries "
        "all.",
    )
    replay: str | None = option(
        None,
        group=WHAT,
        metavar="NAME",
        help="Also run the first model in the training order of its authors, which leaks; it is "
        "reported separately.",
    )
    keyframes: KeyFrames = option(
        "given",
        group=WHAT,
        choices=("given", "estimated", "none"),
        help="Key frames that models may use: onset, apex and offset as annotated (given), none, "
        "or only an apex that is estimated from the pixels (estimated).",
    )
    jitter: Sequence[int] = option(
        (),
        group=WHAT,
        metavar="FRAMES",
        parse=parse_numbers,
        help="Run the first model with onset and apex shifted by these numbers of frames: 0,1,2,4.",
    )
    seeds: Sequence[int] | None = option(
        None,
        group=WHAT,
        metavar="NUMBERS",
        parse=parse_numbers,
        help="Random seeds: 0,1,2. The study is repeated with each. Default: 0; 0,1,2,3,4 for a "
        "stochastic model, except with the presets quick and motion.",
    )
    floors: bool = option(
        True,
        group=WHAT,
        off=("--no-floors", "Do not run the floors."),
        help="Also run the floors, the trivial baselines `majority` and `prior`.",
    )
    oracle_gap: bool = option(
        False,
        group=WHAT,
        help="Evaluate every epoch, and report the scores of epochs that are selected on inner "
        "subjects and on the test subject.",
    )
    exclude: Sequence[str] = option(
        (),
        group=DATA,
        metavar="FILE|CLIP,…",
        parse=parse_excluded,
        join=join_excluded,
        several=True,
        help="Clips to leave out, such as one without a face: SUBJECT/CLIP, several with commas, "
        "or a file with one a line. They are named beside the scores.",
    )
    allow_mismatch: bool = option(
        False,
        group=DATA,
        help="Run even if the clips differ from the published list of the protocol.",
    )

    def _list_facts(self) -> dict[str, object]:
        default = Study()
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        given["models"] = ", ".join(map(str, self.models))
        return {n: v for n, v in given.items() if n == "models" or v != getattr(default, n)}

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes an equal study."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        text = json.dumps(found, default=_make_plain)
        return cast(dict[str, Any], json.loads(text))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Study:
        """Read what `to_json` gave; raises `ParameterError` for fields that a study lacks."""
        unknown = sorted(set(data) - {one.name for one in fields(cls)})
        if unknown:
            raise ParameterError(f"a study has no field '{unknown[0]}'")
        given = dict(data)
        given["models"] = [
            one if isinstance(one, str) else Recipe.from_json(one) for one in given["models"]
        ]
        given["swaps"] = [(slot, list(map(Use.from_json, uses))) for slot, uses in given["swaps"]]
        given["sets"] = list(map(tuple, given["sets"]))
        for name in ("dataset", "protocol"):
            one = given[name]
            given[name] = list(map(as_use, one)) if isinstance(one, list) else one and as_use(one)
        return cls(**given)

    def open(
        self,
        execution: Execution | None = None,
        *,
        plugins: Plugins | None = None,
        progress: Progress | None = None,
    ) -> OpenStudy:
        """Find the components of the study; raises at once for names that are not registered.

        Args:
            execution: how the study is run; default: with the defaults.
            plugins: what `load_plugins` gave; default: the installed ones.
            progress: receives stages and steps.
        """
        from mertk.experiment.open_study import OpenStudy

        return OpenStudy(
            self, execution or Execution(), plugins or load_plugins(), progress or Silent()
        )

    @classmethod
    def of_run(cls, run: Run) -> Study:
        """The data sets, folders and protocol that a run was made on, without its model."""
        protocol = run.identity["protocol"]
        return cls(
            dataset=[Use.from_json(use) for use in run.identity["datasets"]],
            data=run.provenance.get("folders", {}),
            protocol=Use(protocol["name"], **protocol["params"]),
            exclude=run.identity.get("excluded", ()),
            allow_mismatch=True,
        )


def as_use(given: str | Use | Mapping[str, Any]) -> Use:
    """A component, given as such, as text or as plain data."""
    if isinstance(given, Use):
        return given
    return Use.parse(given) if isinstance(given, str) else Use.from_json(given)


def _make_plain(value: Any) -> Any:
    """What JSON has no form for."""
    return str(value) if isinstance(value, Path) else value.to_json()
