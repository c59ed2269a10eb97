"""Folds over databases: test one, train on others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

import mertk


def across_databases(
    clips: Sequence[mertk.Clip], *, train: Collection[str] = (), test: Collection[str] = ()
) -> list[mertk.Split]:
    """One fold per tested database, named after it; no database is on both sides of a fold.

    Tested are those in `test`, or else all that are not in `train`; trained on are those in
    `train`, or else all. Raises `ProtocolError` where a database has no clip.
    """
    of = np.asarray([clip.dataset for clip in clips])
    known = list(dict.fromkeys(of.tolist()))
    for name in (*train, *test):
        if name not in known:
            raise mertk.ProtocolError(
                f"no clip of the database '{name}' is left; the clips are of {', '.join(known)}"
            )
    if len(known) < 2:
        raise mertk.ProtocolError(
            f"folds over databases need at least 2 of them; the clips are of {', '.join(known)}"
        )
    tested = test or [name for name in known if name not in train]
    trained = np.isin(of, list(train)) if train else np.ones(len(of), bool)
    splits = []
    for name in tested:
        held_out = of == name
        training = np.flatnonzero(trained & ~held_out)
        splits.append(mertk.Split(name, training, np.flatnonzero(held_out)))
    return splits


class AcrossDatabases:
    """Folds of a protocol that leaves one database out."""

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per database, named after it."""
        return across_databases(clips)
