"""Damages to a run's folder: each either is named, or changes no score.

`DAMAGES` are (name, function): a function takes the folder of a whole run and a random generator,
which decides on the file, the clip and the number that are hit. `DELETED` damages leave no file to
name, and the run counts as unfinished; `HARMLESS` ones leave every score as it was.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mertk.storage import run_files

Damage = Callable[[Path, random.Random], None]


def fold_file(run: Path, rng: random.Random) -> Path:
    """One of the run's fold files."""
    return rng.choice(sorted((run / "folds").glob("*.json")))


def change(file: Path, edit: Callable[[dict[str, Any]], object], *, seal: bool = False) -> None:
    """Edit the JSON of a file; `seal` writes a checksum that fits, as a faulty program would."""
    data = json.loads(file.read_text())
    edit(data)
    if seal:
        data.pop("checksum", None)
        run_files.write_sealed(file, data.pop("run"), data)
    else:
        file.write_text(json.dumps(data))


def of_fold(edit: Callable[[dict[str, Any], random.Random], object], *, seal: bool) -> Damage:
    """A damage to the JSON of one fold."""

    def damage(run: Path, rng: random.Random) -> None:
        change(fold_file(run, rng), lambda data: edit(data, rng), seal=seal)

    return damage


def at(data: dict[str, Any], rng: random.Random) -> int:
    """The position of one of a fold's clips."""
    return rng.randrange(len(data["uids"]))


def short_row(data, rng):
    data["probabilities"][at(data, rng)].pop()


def long_row(data, rng):
    data["probabilities"][at(data, rng)].append(0.0)


def fewer_rows(data, rng):
    data["probabilities"].pop(at(data, rng))


def text_for_a_number(data, rng):
    data["probabilities"][at(data, rng)][0] = "0.5"


def a_list_for_a_number(data, rng):
    data["probabilities"][at(data, rng)][0] = [0.5]


def null_for_a_number(data, rng):
    data["probabilities"][at(data, rng)][0] = None


def above_one(data, rng):
    data["probabilities"][at(data, rng)][:2] = [1.5, -0.5]


def no_sum_of_one(data, rng):
    data["probabilities"][at(data, rng)][:2] = [0.7, 0.7]


def exchanged_probabilities(data, rng):
    data["probabilities"][at(data, rng)].reverse()


def nan(data, rng):
    data["probabilities"][at(data, rng)][0] = float("nan")


def wrong_truth(data, rng):
    place = at(data, rng)
    data["truth"][place] = 1 - data["truth"][place]


def truth_out_of_range(data, rng):
    data["truth"][at(data, rng)] = 7


def truth_as_text(data, rng):
    data["truth"][at(data, rng)] = "up"


def repeated_id(data, rng):
    data["uids"][0] = data["uids"][-1]


def unknown_id(data, rng):
    data["uids"][at(data, rng)] = "toy/s9/c9"


def wrong_person(data, rng):
    data["people"][at(data, rng)] = "toy/s9"


def fewer_clips(data, rng):
    for part in ("uids", "people", "truth", "probabilities"):
        data[part].pop()


def another_seed(data, rng):
    data["seed"] += 1


def seed_as_text(data, rng):
    data["seed"] = str(data["seed"])


def lost_part(data, rng):
    del data[rng.choice(["name", "seed", "uids", "people", "truth", "probabilities", "seconds"])]


def extra_part(data, rng):
    data["more"] = 1


def other_run(data, rng):
    data["run"] = "0" * 16


def written(text: str | bytes, name: str = "") -> Damage:
    """A file, a fold's if it has no name, with another content."""

    def damage(run: Path, rng: random.Random) -> None:
        file = run / name if name else fold_file(run, rng)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    return damage


def replaced(make: Callable[[Path], object], name: str = "") -> Damage:
    """Something else in the place of a file."""

    def damage(run: Path, rng: random.Random) -> None:
        file = run / name if name else fold_file(run, rng)
        file.unlink()
        make(file)

    return damage


def cut_off(run, rng):
    file = fold_file(run, rng)
    data = file.read_bytes()
    file.write_bytes(data[: rng.randrange(1, len(data) - 2)])


def flipped_bit(run, rng):
    file = fold_file(run, rng)
    data = bytearray(file.read_bytes())
    digits = [place for place, byte in enumerate(data) if chr(byte) in "123456789"]
    data[rng.choice(digits)] ^= 1  # another digit, so that it stays JSON
    file.write_bytes(data)


def marked(run, rng):
    file = fold_file(run, rng)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def deep(run, rng):
    fold_file(run, rng).write_text("[" * 200_000)


def deep_and_valid(run, rng):
    fold_file(run, rng).write_text('{"explained": ' + '{"a":' * 900 + "1" + "}" * 900 + "}")


def giant_number(run, rng):
    file = fold_file(run, rng)
    file.write_text(file.read_text().replace('"seed": ', '"seed": 1' + "0" * 5000, 1))


def infinite_number(run, rng):
    file = fold_file(run, rng)
    file.write_text(file.read_text().replace('"memory": ', '"memory": 1e999', 1))


def sparse(run, rng):
    with fold_file(run, rng).open("ab") as file:
        file.truncate(2**40)


def copied_over_another(run, rng):
    one, two = rng.sample(sorted((run / "folds").glob("*.json")), 2)
    shutil.copy(one, two)


def copied_aside(run, rng):
    file = fold_file(run, rng)
    shutil.copy(file, file.with_name("seed0-copy-123456.json"))


def from_another_run(run, rng):
    """The same fold of a run whose model differs."""
    change(fold_file(run, rng), lambda data: other_run(data, rng), seal=True)


def deleted(name: str) -> Damage:
    """A file, or all that match."""

    def damage(run: Path, rng: random.Random) -> None:
        files = sorted(run.glob(name))
        assert files
        rng.choice(files).unlink()

    return damage


def no_folds(run, rng):
    shutil.rmtree(run / "folds")


def file_for_folds(run, rng):
    shutil.rmtree(run / "folds")
    (run / "folds").write_text("folds")


def shorter_plan(run, rng):
    change(run / "clips.json", lambda data: data["clips"].popitem())


def other_plan(run, rng):
    def edit(data):
        uid = rng.choice(sorted(data["clips"]))
        data["clips"][uid]["truth"] = 1 - data["clips"][uid]["truth"]

    change(run / "clips.json", edit)


def plan_of_another_run(run, rng):
    change(run / "clips.json", lambda data: data.update(run="0" * 16), seal=True)


def other_classes(run, rng):
    change(run / "run.json", lambda data: data["identity"]["classes"].reverse())


def other_identity(run, rng):
    change(run / "run.json", lambda data: data["identity"].update(data="x"), seal=True)


def other_name(run, rng):
    change(run / "run.json", lambda data: data.update(name="better"))


def fewer_seeds(run, rng):
    change(run / "seeds.json", lambda data: data.update(seeds=[]))


def other_keyframes(run, rng):
    change(run / "prefix.json", lambda data: data.update(keyframes=[]))


def through_a_link(run, rng):
    file = fold_file(run, rng)
    moved = run / "moved.bin"
    file.rename(moved)
    file.symlink_to(moved)


EDITS = [
    short_row, long_row, fewer_rows, text_for_a_number, a_list_for_a_number, null_for_a_number,
    above_one, no_sum_of_one, wrong_truth, truth_out_of_range, truth_as_text, repeated_id,
    unknown_id, wrong_person, fewer_clips, another_seed, seed_as_text, lost_part, extra_part,
]  # fmt: skip
"""What a fold may not hold, whatever its checksum says."""

HARMLESS: list[tuple[str, Damage]] = [
    ("copied_aside", copied_aside),
    ("through_a_link", through_a_link),
    ("other_keyframes", other_keyframes),
    ("prefix_cut", written("{", "prefix.json")),
    ("prefix_deleted", deleted("prefix.json")),
    ("prefix_pipe", replaced(os.mkfifo, "prefix.json")),
]
"""Damages that hit no prediction: the scores are those of the whole run."""

DAMAGES: list[tuple[str, Damage]] = [
    *((edit.__name__, of_fold(edit, seal=False)) for edit in EDITS),
    *((f"{edit.__name__}_sealed", of_fold(edit, seal=True)) for edit in EDITS),
    ("exchanged_probabilities", of_fold(exchanged_probabilities, seal=False)),
    ("nan", of_fold(nan, seal=False)),
    ("other_run", of_fold(other_run, seal=False)),
    ("from_another_run", from_another_run),
    ("empty", written("")),
    ("null", written("null")),
    ("a_list", written("[]")),
    ("a_number", written("1")),
    ("no_fold", written("{}")),
    ("zeros", written(bytes(500))),
    ("no_utf8", written(b'{"name": "\xff\xfe"}')),
    ("lone_surrogate", written(b'{"name": "\\ud800"}')),
    ("cut_off", cut_off),
    ("flipped_bit", flipped_bit),
    ("byte_order_mark", marked),
    ("deep", deep),
    ("deep_and_valid", deep_and_valid),
    ("giant_number", giant_number),
    ("infinite_number", infinite_number),
    ("sparse", sparse),
    ("copied_over_another", copied_over_another),
    ("folder_for_a_fold", replaced(Path.mkdir)),
    ("pipe_for_a_fold", replaced(os.mkfifo)),
    ("dangling_link", replaced(lambda file: file.symlink_to(file.parent / "nowhere"))),
    ("link_to_itself", replaced(lambda file: file.symlink_to(file))),
    ("link_to_zeros", replaced(lambda file: file.symlink_to("/dev/zero"))),
    ("fold_deleted", deleted("folds/*.json")),
    ("no_folds", no_folds),
    ("file_for_folds", file_for_folds),
    ("shorter_plan", shorter_plan),
    ("other_plan", other_plan),
    ("plan_of_another_run", plan_of_another_run),
    ("plan_cut", written('{"clips": {', "clips.json")),
    ("plan_deleted", deleted("clips.json")),
    ("plan_pipe", replaced(os.mkfifo, "clips.json")),
    ("plan_deep", written("[" * 200_000, "clips.json")),
    ("run_cut", written('{"format": 2', "run.json")),
    ("run_empty_object", written("{}", "run.json")),
    ("run_of_a_later_release", written('{"format": 99}', "run.json")),
    ("run_deleted", deleted("run.json")),
    ("run_pipe", replaced(os.mkfifo, "run.json")),
    ("run_folder", replaced(Path.mkdir, "run.json")),
    ("other_classes", other_classes),
    ("other_identity", other_identity),
    ("other_name", other_name),
    ("fewer_seeds", fewer_seeds),
    ("seeds_cut", written("{", "seeds.json")),
    ("seeds_deleted", deleted("seeds.json")),
    ("seeds_pipe", replaced(os.mkfifo, "seeds.json")),
    *HARMLESS,
]
