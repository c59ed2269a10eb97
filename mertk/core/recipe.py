"""A model as data: one component per slot, with parameters, as JSON or TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mertk.core.errors import ParameterError
from mertk.core.imports import find_import_path
from mertk.core.reading import read_utf8
from mertk.core.showing import Shown
from mertk.core.tuning import Tuning

Json = str | int | float | bool | None | list[Any] | dict[str, Any]

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")

SLOTS = ("aligner", "roi", "extractor", "fusion", "classifier")


@dataclass(frozen=True, slots=True, init=False)
class Use:
    """A component by its registered name, with what differs from its defaults.

    Examples:
        >>> mertk.Use("lbptop", points=8)
        Use('lbptop', points=8)
        >>> str(mertk.Use.parse("linear_svm:C=2"))
        'linear_svm:C=2'

    The class of an estimator of scikit-learn or of a network of torch may stand in the place of the
    name; it must be at the top of a module.

    Examples:
        >>> from sklearn.svm import SVC
        >>> str(mertk.Use(SVC, C=2))
        'sklearn:sklearn.svm._classes.SVC,C=2'
    """

    name: str
    params: Mapping[str, Json]

    def __init__(self, name: str | type, /, **params: Json) -> None:
        if isinstance(name, type):
            params = {"path": find_import_path(name), **params}
            name = _name_class(name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "params", json.loads(_dump_params(name, params)))

    @classmethod
    def parse(cls, text: str) -> Use:
        """Read `name` or `name:key=value,key=value`; values are JSON, or else plain text.

        A first part that is a dotted name is the parameter `path`: `sklearn:sklearn.svm.SVC,C=2`.
        """
        name, _, rest = text.partition(":")
        params: dict[str, Json] = {}
        for part in split_outside(rest):
            key, equals, value = part.partition("=")
            if not equals and not params and _DOTTED.fullmatch(part.strip()):
                params["path"] = part.strip()
                continue
            if not equals:
                raise ParameterError(
                    f"'{text}': '{part}' is not key=value; write name:key=value,key=value"
                )
            params[key.strip()] = parse_value(value.strip())
        return cls(name.strip(), **params)

    @classmethod
    def from_json(cls, data: Any) -> Use:
        """The inverse of `to_json`; a bare string is a name without parameters."""
        if isinstance(data, str):
            return cls(data)
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise ParameterError(f"a component is {{'name': …, parameters}}; given: {data!r}")
        return cls(data["name"], **{key: v for key, v in data.items() if key != "name"})

    def to_json(self) -> dict[str, Json]:
        """`{"name": …, parameter: value, …}`."""
        return {"name": self.name, **self.params}

    def having(self, **params: Json) -> Use:
        """The same component with further parameters set."""
        return Use(self.name, **{**self.params, **params})

    def __hash__(self) -> int:
        return hash((self.name, _dump_params(self.name, self.params)))

    def __repr__(self) -> str:
        params = [f", {name}={value!r}" for name, value in self.params.items()]
        return f"Use({self.name!r}{''.join(params)})"

    def __str__(self) -> str:
        if not self.params:
            return self.name
        params = dict(self.params)
        path = params.get("path")
        parts = [path] if isinstance(path, str) and _DOTTED.fullmatch(path) else []
        if parts:
            del params["path"]
        for name, value in params.items():
            parts.append(f"{name}={value if isinstance(value, str) else json.dumps(value)}")
        return f"{self.name}:{','.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recipe(Shown):
    """One component per slot. `extractor` maps stream names to extractors that run side by side.

    A single extractor may be given bare; its array is then the stream `features`. `fusion` blocks
    run in their order. A recipe may have no extractor at all (the floors have none). Parameters of
    a `tuning` are chosen anew inside each fold.

    Examples:
        >>> recipe = mertk.Recipe(extractor=mertk.Use("hoof"), classifier=mertk.Use("ridge"))
        >>> recipe
        <Recipe aligner: none, roi: whole, extractor: hoof, classifier: ridge>
    """

    aligner: Use = field(default_factory=lambda: Use("none"))
    roi: Use = field(default_factory=lambda: Use("whole"))
    extractor: Use | Mapping[str, Use] = field(default_factory=dict)
    fusion: tuple[Use, ...] = ()
    classifier: Use
    tuning: Tuning | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fusion", tuple(self.fusion))

    def __hash__(self) -> int:
        return hash(json.dumps(self.to_json(), sort_keys=True))

    def _list_facts(self) -> dict[str, object]:
        return {**self.places(), "tuning": self.tuning}

    @property
    def extractors(self) -> Mapping[str, Use]:
        """Stream name → extractor, also where a single one was given bare."""
        return {"features": self.extractor} if isinstance(self.extractor, Use) else self.extractor

    def to_json(self) -> dict[str, Json]:
        """Plain data, from which `from_json` makes an equal recipe."""
        extractor: Json = {name: use.to_json() for name, use in self.extractors.items()}
        if isinstance(self.extractor, Use):
            extractor = self.extractor.to_json()
        return {
            "aligner": self.aligner.to_json(),
            "roi": self.roi.to_json(),
            "extractor": extractor,
            "fusion": [use.to_json() for use in self.fusion],
            "classifier": self.classifier.to_json(),
            **({"tuning": self.tuning.to_json()} if self.tuning else {}),
        }

    @classmethod
    def from_json(cls, data: Any) -> Recipe:
        """Read what `to_json` or a TOML file gives; raises `ParameterError` on anything else."""
        if not isinstance(data, dict) or "classifier" not in data:
            raise ParameterError(f"a recipe needs at least a classifier; given: {data!r}")
        for slot in set(data) - {*SLOTS, "tuning"}:
            raise ParameterError(f"a recipe has no slot '{slot}'. Known: {', '.join(SLOTS)}.")
        extractor = data.get("extractor", {})
        if not isinstance(extractor, dict) or isinstance(extractor.get("name"), str):
            extractor = Use.from_json(extractor)
        else:
            extractor = {name: Use.from_json(use) for name, use in extractor.items()}
        return cls(
            aligner=Use.from_json(data.get("aligner", "none")),
            roi=Use.from_json(data.get("roi", "whole")),
            extractor=extractor,
            fusion=tuple(Use.from_json(use) for use in data.get("fusion", [])),
            classifier=Use.from_json(data["classifier"]),
            tuning=Tuning.from_json(data["tuning"]) if "tuning" in data else None,
        )

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe from a TOML or JSON file.

        Raises `DataError` where the file cannot be read, and `ParameterError` where it holds no
        recipe.
        """
        text = read_utf8(path)
        try:
            data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
            return cls.from_json(data)
        except (ValueError, ParameterError) as error:
            raise ParameterError(f"{path}: {error}") from error
        except RecursionError:
            raise ParameterError(f"{path}: its values are nested too deeply") from None

    def swap(self, slot: str, *uses: Use) -> Recipe:
        """Another component in a slot: `aligner`, `fusion` (all blocks), `fusion.1`.

        Examples:
            >>> recipe = mertk.Recipe(extractor=mertk.Use("hoof"), classifier=mertk.Use("ridge"))
            >>> recipe.swap("classifier", mertk.Use("svm", C=2)).classifier
            Use('svm', C=2)
        """
        head, _, part = slot.partition(".")
        if head == "fusion":
            return replace(self, fusion=self._swap_fusion(part, uses))
        if len(uses) != 1:
            raise ParameterError(f"slot '{slot}' takes one component, not {len(uses)}")
        if head == "extractor" and part:
            return replace(self, extractor={**self.extractors, part: uses[0]})
        if head not in SLOTS or part:
            raise ParameterError(f"a recipe has no slot '{slot}'. Known: {', '.join(SLOTS)}.")
        return replace(self, **{head: uses[0]})  # type: ignore[arg-type]

    def tuned(self, tuning: Tuning | None) -> Recipe:
        """The recipe with parameters that each fold chooses; None: without."""
        return replace(self, tuning=tuning)

    def set(self, path: str, value: Json) -> Recipe:
        """Set one parameter: `extractor.grid`, `fusion.1.hidden`, `extractor.flow.size`.

        Examples:
            >>> recipe = mertk.Recipe(extractor=mertk.Use("hoof"), classifier=mertk.Use("ridge"))
            >>> recipe.set("classifier.alpha", 10).classifier
            Use('ridge', alpha=10)
        """
        slot, _, key = path.rpartition(".")
        if not slot:
            raise ParameterError(
                f"'{path}' names no slot; write slot.parameter=value with a slot of "
                f"{', '.join(SLOTS)}"
            )
        return self.swap(slot, self._get_component(slot).having(**{key: value}))

    def _get_component(self, slot: str) -> Use:
        head, _, part = slot.partition(".")
        found: Any = getattr(self, head, None) if head in SLOTS else None
        if head == "fusion":
            part = part or ("0" if len(self.fusion) == 1 else "")
            inside = part.isdecimal() and int(part) < len(self.fusion)
            found = self.fusion[int(part)] if inside else None
        elif head == "extractor" and part:
            found = self.extractors.get(part)
        elif part:
            found = None
        if not isinstance(found, Use):
            raise ParameterError(
                f"this recipe has no '{slot}'. It has: {', '.join(self.places())}."
            )
        return found

    def _swap_fusion(self, part: str, uses: tuple[Use, ...]) -> tuple[Use, ...]:
        if not part and not (len(uses) == 1 and len(self.fusion) == 1):
            return uses
        at = int(part) if part.isdecimal() else 0 if not part else -1
        if not 0 <= at < len(self.fusion):
            raise ParameterError(f"this recipe has {len(self.fusion)} fusion blocks, no '{part}'")
        return self.fusion[:at] + uses + self.fusion[at + 1 :]

    def places(self) -> dict[str, Use]:
        """Every component that runs, by the path that `set` and `swap` know it under.

        Without an extractor nothing looks at pixels, so aligner and ROI scheme are not in it.
        """
        found = {"aligner": self.aligner, "roi": self.roi} if self.extractors else {}
        for name, use in self.extractors.items():
            found["extractor" if use is self.extractor else f"extractor.{name}"] = use
        for at, use in enumerate(self.fusion):
            found[f"fusion.{at}"] = use
        return {**found, "classifier": self.classifier}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A published order of work that lets held-out clips in, for a stamped run beside the strict.

    What stands at the places `once` is fitted a single time, on all clips with all labels, before
    any subject is left out. `sets` are parameters by path, set first.
    """

    once: tuple[str, ...]
    sets: Mapping[str, Json] = field(default_factory=dict)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with the replay's parameters."""
        for path, value in self.sets.items():
            recipe = recipe.set(path, value)
        return recipe


def parse_value(text: str) -> Json:
    """A JSON value, or the text itself where it is not JSON."""
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):  # not JSON, a number of 5,000 digits, too deep
        return text


def split_outside(text: str) -> list[str]:
    """Split at commas that are not inside brackets, braces or quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        quoted ^= char == '"'
        if not quoted:
            depth += (char in "[{") - (char in "]}")
            if char == "," and depth == 0:
                parts.append(text[start:at])
                start = at + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


_FOREIGN = {
    ("sklearn.base", "BaseEstimator"): "sklearn",
    ("torch.nn.modules.module", "Module"): "torch_module",
}
"""The component that runs a class of a third party, by the base of the class."""


def _name_class(kind: type) -> str:
    """The component that runs a class; raises `ParameterError` where none does."""
    for base in kind.__mro__:
        if (base.__module__, base.__qualname__) in _FOREIGN:
            return _FOREIGN[base.__module__, base.__qualname__]
    raise ParameterError(
        f"{kind.__qualname__} is no estimator of scikit-learn and no network of torch; register it "
        "in a plug-in, and give `Use` the name that it is registered with"
    )


def _dump_params(name: str, params: Mapping[str, Json]) -> str:
    try:
        return json.dumps(params, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"{name}: parameters must be JSON values: {error}") from error
