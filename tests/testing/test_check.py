"""`mertk check`, and the same checks as pytest cases."""

import json
from pathlib import Path

import pytest

import mertk
from mertk import cli
from mertk.testing import check_component, conformance, find_components

TOYS = Path(__file__).parents[1] / "toys.py"
CHEATS = Path(__file__).with_name("cheats.py")
PLUGIN = '''
"""A plug-in."""
{imports}
import mertk

class Still:
    """Frames as they are."""

    def align(self, footage):
        return footage.faces()

@mertk.hookimpl
def mertk_register(register):
    {register}
'''

test_conformance_of_the_toys = conformance(TOYS)


def plugin(tmp_path, imports="", register="register.aligner('still', Still)"):
    file = tmp_path / f"still_{len(imports)}.py"
    file.write_text(PLUGIN.format(imports=imports, register=register))
    return file


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        cli.main([str(a) for a in arguments])
    out = capsys.readouterr()
    return end.value.code, out.out, out.err


def test_a_good_plugin_file_ends_with_0(capsys, tmp_path):
    code, out, _ = call(capsys, "check", plugin(tmp_path))
    assert code == 0
    assert "aligner still" in out
    assert "it does not learn: it has no fit" in out


def test_a_broken_promise_ends_with_1_and_says_which(capsys):
    code, out, _ = call(capsys, "--plugin", CHEATS, "check", "beyond_the_picture")
    assert code == 1
    assert "region 'all' [0, 0, 129, 128] ends outside the picture of 128x128" in out


def test_json_holds_every_check(capsys, tmp_path):
    _, out, _ = call(capsys, "check", plugin(tmp_path), "--json")
    rows = json.loads(out)
    assert {row["verdict"] for row in rows} == {"passed", "does not apply"}
    assert rows[-1]["check"] == "counted"
    assert all(row["text"] for row in rows if row["verdict"] == "does not apply")


def test_a_file_that_was_loaded_again_since_can_still_be_checked(tmp_path):
    file = plugin(tmp_path)
    subject = find_components(file)[0]
    mertk.load_plugins([TOYS, file])
    assert [one for one in check_component(subject) if one.verdict == "failed"] == []


NOTES = '''
"""A data set of text files."""
import hashlib
import mertk
import numpy as np

class Notes:
    """Each file is a clip."""

    def index(self, root):
        found = sorted(root.glob("*.txt")) if root else []
        if not found:
            raise mertk.DataError("notes: no text files")
        return [
            mertk.Clip(
                dataset="notes", subject="one", name=file.stem, record={"label": file.read_text()},
                fingerprint=hashlib.sha256(file.name.encode()).hexdigest(),
                footage=mertk.Footage(
                    frames=mertk.Frames.of(np.zeros((2, 8, 8, 3), np.uint8)), onset=0, offset=1
                ),
            )
            for file in found
        ]

@mertk.hookimpl
def mertk_register(register):
    register.dataset("notes", Notes)
'''


@pytest.fixture
def notes(tmp_path):
    """A reader that needs files, and what writes some."""
    file = tmp_path / "notes.py"
    file.write_text(NOTES)
    return file, lambda folder: (folder / "a.txt").write_text("happy")


def test_a_data_set_is_checked_in_the_folder_that_is_given(capsys, tmp_path, notes):
    file, write = notes
    write(tmp_path)
    _, without, _ = call(capsys, "check", file)
    assert "mertk check notes --data FOLDER" in without
    code, given, _ = call(capsys, "check", file, "--data", tmp_path, "--json")
    assert code == 0
    verdicts = {row["check"]: row["verdict"] for row in json.loads(given)}
    assert verdicts["finds_clips"] == verdicts["leaves_the_folder_alone"] == "passed"


def test_a_folder_that_is_not_right_is_a_broken_promise(capsys, tmp_path, notes):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, out, _ = call(capsys, "check", notes[0], "--data", empty)
    assert code == 1
    assert "notes: no text files" in out


def test_a_data_set_is_checked_on_what_a_function_writes(notes):
    file, write = notes
    found = {one.check: one for one in check_component(find_components(file, data=write)[0])}
    assert found["finds_clips"].verdict == "passed"
    cases = conformance(file, data=write).pytestmark[0].args[1]
    assert {case.values[0].data for case in cases} == {write}


def test_data_are_for_data_sets(capsys, tmp_path):
    code, _, err = call(capsys, "check", "lda", "--data", tmp_path)
    assert code == 2
    assert "lda is no data set: classifier 'lda'" in err
    code, _, err = call(capsys, "check", "--all", "--data", tmp_path)
    assert code == 2
    assert "--data" in err


def test_an_unknown_name_suggests_the_nearest(capsys):
    code, _, err = call(capsys, "check", "lbptob")
    assert code == 2
    assert "Did you mean 'lbptop'" in err


@pytest.mark.parametrize("given", [[], ["lda", "--all"]])
def test_one_name_or_all_must_be_given(capsys, given):
    code, _, err = call(capsys, "check", *given)
    assert code == 2
    assert "--all" in err


def test_a_file_that_registers_nothing_is_refused(tmp_path):
    with pytest.raises(mertk.PluginError, match="registers nothing"):
        find_components(plugin(tmp_path, register="pass"))


def test_a_file_that_cannot_be_loaded_says_why(tmp_path):
    with pytest.raises(mertk.PluginError, match="No module named 'nobody_has_this'"):
        find_components(plugin(tmp_path, imports="import nobody_has_this"))


def test_heavy_imports_are_seen_though_this_process_has_them_already(tmp_path):
    import scipy  # noqa: F401

    light, heavy = (
        {
            one.check: one
            for one in check_component(find_components(plugin(tmp_path, imports=line))[0])
        }["imports_light"]
        for line in ("import json", "import scipy")
    )
    assert light.verdict == "passed"
    assert heavy.verdict == "failed"
    assert "imports scipy" in heavy.text


def test_among_many_plugins_the_one_with_heavy_imports_is_named(tmp_path):
    file = plugin(tmp_path, imports="import scipy")
    plugins = mertk.load_plugins([TOYS, file])
    from mertk.testing import list_components, run_check
    from mertk.testing.checks.common import imports_light

    asked = [one for one in list_components(plugins) if one.entry.name in ("still", "toy_plain")]
    verdicts = {one.entry.name: run_check(one, imports_light).verdict for one in asked}
    assert verdicts == {"still": "failed", "toy_plain": "passed"}


def test_a_component_of_which_nothing_can_be_checked_fails(tmp_path):
    from mertk.testing.outcome import Result
    from mertk.testing.suite import count_checks

    subject = find_components(plugin(tmp_path))[0]
    skipped = Result(kind="aligner", name="still", check="runs", verdict="does not apply")
    assert count_checks(subject, [skipped]).verdict == "failed"
    assert count_checks(subject, []).verdict == "failed"


def test_where_it_does_not_run_the_reason_stands_at_one_check_alone():
    found = check_component(
        next(one for one in find_components(CHEATS) if one.entry.name == "crashes")
    )
    failed = [one for one in found if one.verdict == "failed"]
    assert [one.check for one in failed] == ["runs"]
    assert "ValueError: no face" in failed[0].text


def test_pytest_cases_fail_with_one_line_and_skip_with_a_reason():
    case = conformance(CHEATS)
    marks = {p.id: p.values for p in case.pytestmark[0].args[1]}
    with pytest.raises(pytest.fail.Exception, match="ends outside the picture"):
        case(*marks["roi-beyond_the_picture-gives_regions"])
    with pytest.raises(pytest.skip.Exception, match="has no fit"):
        case(*marks["roi-beyond_the_picture-fits_one_clip"])
    case(*marks["roi-beyond_the_picture-counted"])


def test_networks_are_checked_with_two_epochs_in_a_model_that_uses_them():
    subject = find_components("ststnet")[0]
    assert subject.build().schedule.epochs == 2
    assert [one for one in check_component(subject) if one.verdict == "failed"] == []


def test_a_component_without_its_package_is_not_tried(capsys, tmp_path):
    lacking = "register.extractor('still', Still, needs=('no_such_package',))"
    code, out, _ = call(capsys, "check", plugin(tmp_path, register=lacking), "--json")
    found = {one["check"]: (one["verdict"], one["text"]) for one in json.loads(out)}
    assert code == 0
    assert found["runs"][0] == "does not apply"
    assert found["runs"][1].startswith("not tried: extractor 'still' needs the package 'no_such")


def test_a_component_may_refuse_a_single_clip():
    (wpca,) = [one for one in find_components("wpca") if one.kind == "fusion"]
    found = {one.check: one for one in check_component(wpca)}["fits_one_clip"]
    assert found.verdict == "does not apply"
    assert "the 1 training clips do not differ" in found.text


def test_all_can_leave_out_what_needs_a_package(capsys):
    from mertk.testing.suite import list_names

    plugins = mertk.load_plugins([TOYS])
    everything, light = list_names(plugins), list_names(plugins, without=["torch"])
    left_out = set(everything) - set(light)
    assert {("model", "ststnet"), ("classifier", "ststnet")} <= left_out
    assert ("model", "lbptop") in light
    assert ("model", "toy_model") in light
    code, _, err = call(capsys, "check", "lda", "--without", "torch")
    assert code == 2
    assert "--all" in err


def test_all_is_checked_in_processes_and_summed_up(capsys, monkeypatch):
    monkeypatch.setenv("MERTK_HIDE", "shipped")  # the toys alone, without the synthetic set
    code, out, _ = call(capsys, "--plugin", TOYS, "check", "--all", "--jobs", 2)
    assert code == 1
    assert "no dataset is called 'synthetic'" in out
    assert "8 components, 6 with failed checks" in out


def test_a_component_that_needs_many_clips_is_checked_on_many(capsys, tmp_path):
    file = tmp_path / "reduced.py"
    file.write_text('''
"""A plug-in."""
import numpy as np
import mertk

class Reduced:
    """The first principal components.

    Args:
        count: how many.
    """

    def __init__(self, *, count: int = 20) -> None:
        self.count = count

    def fit(self, train, rng):
        """Fit the components of the training clips; there must be as many."""
        from sklearn.decomposition import PCA

        self.pca = PCA(self.count, random_state=0).fit(mertk.design_matrix(train.inputs))

    def fuse(self, streams):
        """One stream."""
        return {"features": self.pca.transform(mertk.flatten(streams)[None]).astype(np.float32)}

@mertk.hookimpl
def mertk_register(register):
    register.fusion("reduced", Reduced)
''')
    code, out, _ = call(capsys, "check", file)
    assert code == 0, out
    assert "it needs more than 6 training clips" in " ".join(out.split())
