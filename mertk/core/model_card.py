"""Model cards: what is known of the published model, beside the recipe that replicates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a reader must know before comparing our score with a paper's, as plain text.

    Attributes:
        title: of the paper.
        authors: as `Zhao & Pietikäinen`, or the first with `et al.`.
        venue: journal, proceedings or preprint server.
        year: of publication.
        code: where the authors' code is; empty: none was published, or none was found.
        original: what that code really does, each with file and line where they are known.
        leak: codes of `mertk.report.literature.LEAKS`, joined by `+`; `L?`: nothing can be checked.
        differs: what is different here, and why.
        unverified: statements about the original that could not be checked.
        presets: by preset, one sentence on what a reader of its scores must know; reports print it.
    """

    title: str
    authors: str
    venue: str
    year: int
    code: str = ""
    original: Sequence[str] = ()
    leak: str = "L?"
    differs: Sequence[str] = ()
    unverified: Sequence[str] = ()
    presets: Mapping[str, str] = field(default_factory=dict)
