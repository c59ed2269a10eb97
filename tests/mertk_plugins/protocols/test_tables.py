"""The tables that protocols are made from: what a row may say, and what a run's identity sees."""

import os
import pickle
import subprocess
import sys
import tomllib

import pytest
import tomlkit

import mertk
from mertk.plugins.registry import Registrar, Registry
from mertk.storage.identity import component_identity
from mertk_plugins.protocols import action_units, label_maps

LABEL_MAPS = label_maps.TABLE.read_text(encoding="utf-8")
ACTION_UNITS = action_units.TABLE.read_text(encoding="utf-8")


def label_map_sources(table):
    """Protocol → what a run's identity has of its code, where this is the table."""
    classes = {name: made for name, (made, _) in label_maps.make_protocols(table).items()}
    return sources(classes)


def action_unit_sources(table):
    return sources(action_units.make_protocols(table))


def sources(classes):
    registry = Registry()
    found = {}
    for name, made in classes.items():
        Registrar(registry, "a test").protocol(name, made)
        found[name] = component_identity(registry, "protocol", mertk.Use(name))["source"]
    return found


def changed(before, after):
    assert before.keys() <= after.keys()
    return {name for name, source in before.items() if after[name] != source}


def mean_more(row):
    row["words"] = {**row.get("words", {}), row["classes"][0]: ["delight"]}


def turn_classes(row):
    row["classes"].reverse()
    for one in row["lists"]:
        one.get("counts", []).reverse()


COUNTS = {
    "a word": mean_more,
    "the order of classes": turn_classes,
    "the column": lambda row: row.update(column="label"),
    "the data set": lambda row: row.update(dataset="folder"),
    "a number of clips": lambda row: row["lists"][0]["counts"].__setitem__(0, 1),
    "a number of people": lambda row: row["lists"][-1].update(subjects=3),
    "the hash of a list": lambda row: row["lists"][0].update(sha256="0" * 64),
}
NO_PART = {
    "the summary": lambda row: row.update(summary="Other words."),
    "the text": lambda row: row.update(text="Other words."),
    "the paper": lambda row: row.update(paper="doi:10.1/other"),
    "the same words again": lambda row: row.update(
        words={**{one: [one] for one in row["classes"]}, **row.get("words", {})}
    ),
}
"""What may change in a row without another number or clip."""

NAMES = ["casme2_3", "dfme_7", "mmew_4b", "smic_3"]


def edited(name, edit):
    rows = tomllib.loads(LABEL_MAPS)
    edit(rows[name])
    return tomlkit.dumps(rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", COUNTS)
def test_a_row_counts_for_its_own_protocol_and_for_no_other(name, what):
    before, after = map(label_map_sources, (LABEL_MAPS, edited(name, COUNTS[what])))
    assert changed(before, after) == {name}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", NO_PART)
def test_words_about_a_protocol_do_not_count(name, what):
    before, after = map(label_map_sources, (LABEL_MAPS, edited(name, NO_PART[what])))
    assert changed(before, after) == set()


def test_a_row_more_counts_for_no_other():
    rows = tomllib.loads(LABEL_MAPS)
    more = tomlkit.dumps({**rows, "mmew_more": rows["mmew_3"]})
    assert changed(label_map_sources(LABEL_MAPS), label_map_sources(more)) == set()


def test_protocols_of_the_same_base_differ_by_their_rows_alone():
    found = [*label_map_sources(LABEL_MAPS).values(), *action_unit_sources(ACTION_UNITS).values()]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('datasets = ["mmew"]', 'datasets = ["folder"]', {"au_mmew"}),
        ('classes = ["AU2", "AU4", "AU7", "AU12"]', 'classes = ["AU2", "AU4"]', {"au_samm"}),
        ("casme3", "folder", {"cd6me"}),
        ('left_out = "database"', 'left_out = "subject"', {"cd6me"}),
        ("clips = 159", "clips = 158", {"au_samm", "cd6me"}),
        ("[23, 17, 70, 0,", "[23, 18, 70, 0,", {"cd6me"}),  # AU 2, which au_casme has no part of
        ("189 clips.", "Some clips.", set()),
    ],
)
def test_action_units_count_where_they_are_used(old, new, names):
    assert old in ACTION_UNITS
    table = ACTION_UNITS.replace(old, new)
    assert changed(action_unit_sources(ACTION_UNITS), action_unit_sources(table)) == names


def in_another_process(code, data=b"", seed="1"):
    ran = subprocess.run(
        [sys.executable, "-c", code],
        input=data,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    return ran.stdout.decode().split()


def test_identities_are_those_of_other_processes():
    code = (
        "import mertk; from mertk.storage.identity import component_identity as of\n"
        "registry = mertk.load_plugins().registry\n"
        "for name in ('casme2_3', 'cd6me'):\n"
        "    print(of(registry, 'protocol', mertk.Use(name))['source'])"
    )
    here = [
        label_map_sources(LABEL_MAPS)["casme2_3"],
        action_unit_sources(ACTION_UNITS)["cd6me"],
    ]
    assert in_another_process(code, seed="1") == in_another_process(code, seed="2") == here


def test_a_protocol_can_be_sent_to_a_process_that_has_loaded_no_plugin():
    registry = mertk.load_plugins().registry
    made = [registry.build("protocol", mertk.Use(name)) for name in ("casme2_3", "au_samm")]
    code = (
        "import pickle, sys; made = pickle.load(sys.stdin.buffer)\n"
        "print(*made[0].classes, *made[1].classes)"
    )
    found = in_another_process(code, pickle.dumps(made))
    assert found == ["negative", "positive", "surprise", "AU2", "AU4", "AU7", "AU12"]


ROW = {
    "summary": "One line.",
    "text": "More.",
    "dataset": "folder",
    "classes": ["joy", "others"],
}


def test_a_class_means_its_own_name_unless_its_words_are_given():
    made = label_maps.make_protocol("mine", **{**ROW, "words": {"others": ["fear", "anger"]}})
    assert made.class_of == {"folder": {"joy": "joy", "fear": "others", "anger": "others"}}
    assert made.__doc__ == "One line.\n\nMore."


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"words": {"others": ["joy"]}}, ValueError, "'mine': 'joy' cannot mean 'others'"),
        ({"words": {"other": ["fear"]}}, ValueError, "'mine': 'fear' cannot mean 'other'"),
        ({"lists": [{"counts": [1]}]}, ValueError, "argument 2 is shorter"),
        ({"lists": [{"people": 1}]}, TypeError, "people"),
        ({"word": {}}, TypeError, "word"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(more, error, message):
    with pytest.raises(error, match=message):
        label_maps.make_protocol("mine", **{**ROW, **more})
