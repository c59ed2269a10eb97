"""What a component may offer besides the verb of its kind, with what holds where it offers nothing.

This is the one place where an attribute is looked for by name; `mertk check` finds names that are
spelt almost like one of these.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

OFFERS: Mapping[str, Mapping[str, Any]] = {
    "dataset": {"default_protocol": "loso", "obtain": "", "needs_folder": None, "survey": None},
    "protocol": {"multilabel": False, "tests_all": True, "manifests": ()},
    "component": {"together_on": ""},
    "network": {"penalty": None, "auxiliary": None, "shown": {}},
}
"""By kind: name → default. `mertk.core.interfaces` says what each one means."""

_CLOSE = 0.75


def get_offer(kind: str, thing: Any, name: str) -> Any:
    """What a component (or its class) offers under a name, or the default.

    Args:
        kind: `dataset`, `protocol`, `component` or `network` (any part of one).
        thing: the component, its class, or an `nn.Module`.
        name: a name of `OFFERS`; another one is a `KeyError`.
    """
    return getattr(thing, name, OFFERS[kind][name])


def needs_folder(target: Any) -> bool:
    """Whether a data set is read from files: it says so, or says how to obtain them."""
    declared = get_offer("dataset", target, "needs_folder")
    return bool(get_offer("dataset", target, "obtain") if declared is None else declared)


def find_misspelt_offers(kind: str, target: type[Any]) -> list[tuple[str, str]]:
    """Public attributes of a class that are spelt almost like an offer: (found, meant)."""
    known = list(OFFERS.get(kind, {}))
    found = []
    for name in vars(target):
        if name.startswith("_") or name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=_CLOSE)
        if close:
            found.append((name, close[0]))
    return found
