"""The files behind cached features: a hash of their content, and whether they still have it.

A clip's fingerprint sees names, sizes and times of change alone. So each cache entry keeps a hash
of all bytes of the clip's files, taken when it was computed, and `mertk cache --verify` compares.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.core.clips import Clip
from mertk.core.errors import DataError
from mertk.storage.cache import Cache

_VERDICTS = ("changed", "same", "outdated", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `verify_cache` found: how many `entries` it read, and clip ids, sorted.

    `changed` hold other content under the same sizes and times, and `removed` entries were computed
    from what they held before. `same` hold what they held. `outdated` have other sizes or times
    than then, so that their entries are not used any more; `missing` have files that are gone or
    cannot be read. `unknown` counts intact entries that name no file.
    """

    entries: int
    removed: int
    unknown: int
    changed: Sequence[str]
    same: Sequence[str]
    outdated: Sequence[str]
    missing: Sequence[str]


def stamp_files(paths: Iterable[Path], *facts: object) -> str:
    """A hash over name, size and modification time of files, and over further facts.

    Cheap: no file is opened. Raises `DataError` where a file is missing.
    """
    total = hashlib.blake2b(digest_size=16)
    total.update(repr(facts).encode())
    for path in paths:
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        total.update(f"\n{path.name}\0{found.st_size}\0{found.st_mtime_ns}".encode())
    return total.hexdigest()


def describe_sources(clip: Clip) -> dict[str, Any] | None:
    """A clip's files and their content as JSON for a cache entry; None where it names no file.

    Raises `DataError` where a file is missing.
    """
    if not clip.files:
        return None
    files = [Path(file).absolute() for file in clip.files]
    folder = files[0].parent
    names = []
    for file in files:
        inside = file.is_relative_to(folder)
        names.append(file.relative_to(folder).as_posix() if inside else str(file))
    return {
        "clip": clip.uid,
        "folder": str(folder),
        "files": names,
        "stamp": stamp_files(files),
        "content": hash_content(files),
    }


def verify_cache(cache: Cache) -> Verified:
    """Compare the files behind all entries with what they held, and remove what is out of step.

    Reads every entry and every file whole. Damaged entries are removed with a warning each.
    """
    verdicts: dict[tuple[str, str], str] = {}
    clips: dict[str, set[str]] = {verdict: set() for verdict in _VERDICTS}
    entries = removed = unknown = 0
    _hash_file.cache_clear()  # its keys do not show a change of content
    for path in sorted(cache.entries()):
        entries += 1
        stored = cache.get(path.stem, used=False)
        if stored is None or stored.sources is None:
            unknown += stored is not None
            continue
        sources = stored.sources
        known = (sources["stamp"], sources["content"])
        if known not in verdicts:
            verdicts[known] = _compare_sources(sources)
        clips[verdicts[known]].add(sources["clip"])
        if verdicts[known] == "changed":
            path.unlink(missing_ok=True)
            removed += 1
    return Verified(
        entries=entries,
        removed=removed,
        unknown=unknown,
        **{verdict: sorted(found) for verdict, found in clips.items()},
    )


def hash_content(files: Sequence[Path]) -> str:
    """A hash over all bytes of the files, in hex; raises `DataError` where one cannot be read."""
    total = hashlib.blake2b(digest_size=16)
    for file in files:
        try:
            facts = file.stat()
            total.update(_hash_file(file, facts.st_size, facts.st_mtime_ns))
        except OSError as error:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from error
    return total.hexdigest()


@functools.lru_cache(maxsize=1024)
def _hash_file(file: Path, _size: int, _changed: int) -> bytes:
    """A file's hash; many clips may be parts of one video."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").digest()


def _compare_sources(sources: Mapping[str, Any]) -> str:
    """What became of an entry's files: a field of `Verified`."""
    files = [Path(sources["folder"], name) for name in sources["files"]]
    try:
        if stamp_files(files) != sources["stamp"]:
            return "outdated"
        return "same" if hash_content(files) == sources["content"] else "changed"
    except DataError:
        return "missing"
