"""Runs over several databases: scores by part, and what is said of the published list."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mertk
from mertk.cli import main
from mertk.core import metrics
from mertk.report import literature, sentences, terminal
from mertk.report.page import render_page
from mertk.storage import run_files

TOYS = Path(__file__).parents[1] / "toys.py"

THREE_SETS = '''
from dataclasses import replace
import importlib.util, mertk
spec = importlib.util.spec_from_file_location("toys_for_three_sets", %r)
toys = importlib.util.module_from_spec(spec); spec.loader.exec_module(toys)
EMOTIONS = ("negative", "positive", "surprise")
OF = {"casme2": ("disgust", "happiness", "surprise"), "samm": ("anger", "happiness", "surprise"),
      "smic": EMOTIONS}
class Three:
    """Squares under the names of three databases; in smic nobody is surprised."""
    def __init__(self, *, only: str = ""): self.only = only
    def index(self, root):
        made = toys.Square(subjects=3, clips=6).index(None)
        return [self._clip(clip, name, n) for name in OF if self.only in ("", name)
                for n, clip in enumerate(made)]
    def _clip(self, clip, name, n):
        emotion = OF[name][n %% (2 if name == "smic" else 3)]
        record = {**clip.record, "emotion": emotion, "subject": clip.subject, "clip": clip.name}
        return replace(clip, dataset=name, record=record)
class Parts:
    """Trained on the first person, tested on two others, each a part."""
    tests_all, datasets, classes = False, (), EMOTIONS
    manifests = (mertk.core.clip_lists.Manifest(counts={"smic": {}, "casme2": {}}, clips={"casme2": 18}),)
    def label(self, clip): return EMOTIONS[OF[clip.dataset].index(clip.record["emotion"])]
    def splits(self, clips):
        import numpy as np
        people = np.array([clip.subject for clip in clips])
        return [mertk.Split(f"test{n}", np.flatnonzero(people == "s0"),
                            np.flatnonzero(people == f"s{n}")) for n in (1, 2)]
    def score(self, confusion): return mertk.core.metrics.standard_scores(confusion)
class Opposite:
    """All but one of casme2 are the one, all but one of samm the other; leave one database out."""
    datasets, classes = (), ("one", "other")
    def label(self, clip):
        odd = (clip.subject, clip.name) == ("s0", "c0")
        return None if clip.dataset == "smic" else self.classes[(clip.dataset == "samm") != odd]
    def splits(self, clips):
        import numpy as np
        of = np.array([clip.dataset for clip in clips])
        return [mertk.Split(n, np.flatnonzero(of != n), np.flatnonzero(of == n))
                for n in ("casme2", "samm")]
    def score(self, confusion): return mertk.core.metrics.standard_scores(confusion)
@mertk.hookimpl
def mertk_register(register):
    register.dataset("three", Three)
    register.protocol("opposite", Opposite)
    register.protocol("in_parts", Parts)
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "three_sets.py"
    path.write_text(THREE_SETS % str(TOYS))
    return path


@pytest.fixture
def plugins(file):
    return mertk.load_plugins([TOYS, file])


def bench(plugins, out, **options):
    options = {
        "dataset": "three", "protocol": "megc2019", "jobs": 1, "floors": False,
        "allow_mismatch": True,
    } | options  # fmt: skip
    return mertk.bench(["toy_model"], plugins=plugins, out=out, **options)


def test_parts_are_scored_from_the_same_predictions(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    parts = results.parts().set_index("part")
    assert list(parts.index) == ["casme2", "samm", "smic"]
    table = results.runs[0].predictions()
    for name in ("casme2", "samm"):
        here = table[table["person"].str.startswith(f"{name}/")]
        matrix = metrics.confusion(here["truth"].to_numpy(), here["predicted"].to_numpy(), 3)
        assert parts.loc[name, "UF1"] == pytest.approx(float(metrics.uf1(matrix)))
        assert parts.loc[name, "UF1_low"] <= parts.loc[name, "UF1"] <= parts.loc[name, "UF1_high"]
    assert parts["clips"].tolist() == [18, 18, 18]
    assert parts["subjects"].tolist() == [3, 3, 3]
    weighted = (parts["accuracy"] * parts["clips"]).sum() / parts["clips"].sum()
    assert results.table()["accuracy"][0] == pytest.approx(weighted)


def test_a_part_without_a_class_has_its_accuracy_alone(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    smic = results.parts().set_index("part").loc["smic"]
    assert math.isnan(smic["UF1"])
    assert math.isnan(smic["UAR_low"])
    assert 0 <= smic["accuracy"] <= 1
    told = json.loads(json.dumps(sentences.to_json(results), allow_nan=False))
    assert [row["UF1"] is None for row in told["parts"]] == [False, False, True]
    assert "No scores over classes for smic: a class has no clip." in told["sentences"]


def test_one_database_has_no_parts(plugins, tmp_path):
    results = bench(plugins, tmp_path, dataset="three:only=casme2", protocol="casme2_3")
    assert len(results.parts()) == 0
    assert sentences.to_json(results)["parts"] == []
    assert "By part" not in render_page(results, plugins)


def test_the_parts_of_an_official_split_are_told_apart(plugins, tmp_path):
    results = bench(plugins, tmp_path, dataset="three:only=casme2", protocol="in_parts")
    parts = results.parts().set_index("part")
    assert list(parts.index) == ["test1", "test2"]
    assert parts["clips"].tolist() == [6, 6]
    assert results.table()["clips"][0] == 12
    (chance,) = [s for s in sentences.list_sentences(results) if s.startswith("Chance level: ")]
    assert chance.endswith("with the class frequencies of the other tested subjects.")


def test_folds_that_test_nobody_of_a_class_are_refused(plugins, tmp_path):
    with pytest.raises(mertk.ProtocolError, match="tests no clip that is 'surprise'"):
        bench(plugins, tmp_path, protocol=mertk.Use("cross", test=["smic"]))


def test_chance_over_databases_guesses_by_those_that_are_trained_on(plugins, tmp_path):
    results = bench(plugins, tmp_path, protocol="opposite")
    assert results.chance["accuracy"][1] < 0.3  # by the other people's frequencies it is a half


def test_several_labels_are_scored_by_part_too(plugins, tmp_path):
    (tmp_path / "signs.py").write_text('''
import mertk
class Signs:
    """Signs."""
    multilabel, datasets, classes = True, (), ("lower", "upper")
    def label(self, clip):
        return {"lower"} if clip.record["label"] == "down" else {"upper"}
    def splits(self, clips): return mertk.leave_one_subject_out([clip.person for clip in clips])
    def score(self, confusion): return mertk.core.metrics.multilabel_scores(confusion)
@mertk.hookimpl
def mertk_register(register): register.protocol("signs", Signs)
''')
    plugins = mertk.load_plugins([*plugins.files, tmp_path / "signs.py"])
    recipe = plugins.registry.recipe("toy_model").swap("classifier", mertk.Use("linear_svm"))
    results = mertk.bench(
        [recipe], dataset="three", protocol="signs", out=tmp_path, jobs=1, floors=False,
        plugins=plugins,
    )  # fmt: skip
    parts = results.parts()
    assert parts["clips"].tolist() == [18, 18, 18]
    assert np.allclose(parts["binary F1"], 1)


# The published list


def test_other_clips_are_refused_and_where_allowed_the_table_says_so(plugins, tmp_path, capsys):
    with pytest.raises(mertk.ProtocolError, match="casme2: 18 clips, published 145"):
        bench(plugins, tmp_path, allow_mismatch=False)
    results = bench(plugins, tmp_path)
    warning = sentences.list_warnings(results)[0]
    assert warning.startswith("NOT the clips of megc2019: casme2: 18 clips, published 145")
    terminal.print_results(results)
    out = capsys.readouterr().out
    assert "NOT the clips of megc2019" in out
    assert "the same predictions by part" in out
    assert f'class="warn" role="note">{warning[:30]}' in render_page(results, plugins)


@pytest.mark.parametrize(
    ("compared", "incomplete", "said"),
    [
        ("list", 0, "The clips are those of megc2019 (new) (442, list 32df980f36a4)."),
        (
            "list",
            9,
            "The clips are those of megc2019 (new) (442, list 32df980f36a4). 9 of them lack",
        ),
        ("counts", 0, "The numbers of clips are those of megc2019 (new)"),
    ],
)
def test_the_published_clips_are_named_with_their_list(
    plugins, tmp_path, compared, incomplete, said
):
    results = bench(plugins, tmp_path)
    agreed = {
        "edition": "new", "clips": 442, "list": "32df980f36a4d45a", "compared": compared,
        "differences": [], "incomplete": incomplete,
    }  # fmt: skip
    file = results.runs[0].path / "run.json"
    stored = json.loads(file.read_text())
    del stored["checksum"]
    stored["provenance"]["published"] = agreed
    run_files.write_sealed(file, stored["run"], stored)
    again = mertk.Results.load(results.runs[0].path, plugins=plugins)
    assert sentences.list_sentences(again)[0].startswith(said)
    assert sentences.list_warnings(again) == []


def test_runs_without_a_published_list_say_nothing_of_it(plugins, tmp_path):
    results = bench(plugins, tmp_path, dataset="toy", protocol="toy_loso")
    assert results.published is None
    assert not any("clips of" in sentence for sentence in sentences.list_sentences(results))


# Published scores


def test_published_scores_stand_below_the_runs_with_their_footnotes(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    found = literature.find_published_beside(results)
    assert list(found.columns) == ["", "smic", "casme2", "samm"]
    ours, challenge = found.lines[:2]
    assert (ours["method"], ours["ours"]) == ("toy_model", True)
    assert ours["cells"][""] == " / ".join(
        f"{results.table()[score][0]:.3f}" for score in ("UF1", "UAR")
    )
    assert ours["cells"]["smic"] == "–"
    assert challenge["cells"][""] == "0.5882 / 0.5785"
    assert challenge["cells"]["smic"] == "0.2000 [1] / 0.5280 [1]"
    assert found.notes[0].startswith("impossible")
    assert "L1" in found.leaks


def test_the_page_has_them_folded_away_and_the_terminal_on_demand(file, plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path / "runs")
    page = render_page(results, plugins)
    assert "<details><summary>Scores reported in papers (published, not measured here)" in page
    assert "[1] impossible" in page
    for flags in ([], ["--published"]):
        with pytest.raises(SystemExit):
            main(["--plugin", str(TOYS), "--plugin", str(file), "report", str(tmp_path / "runs"),
                  *flags])  # fmt: skip
        out = capsys.readouterr().out
        assert ("published, not measured here" in out) == bool(flags)
        assert ("[1] impossible" in out) == bool(flags)


def test_text_of_the_table_is_no_markup(plugins, tmp_path, monkeypatch, capsys):
    row = ("megc2019", "", "", "<b>[red]x", "UF1", "0.5", "s", "L0", "<i>n")
    table = pd.DataFrame([row], columns=literature.read_published_scores().columns)
    monkeypatch.setattr(literature, "read_published_scores", lambda: table)
    results = bench(plugins, tmp_path)
    assert "&lt;b&gt;[red]x" in render_page(results, plugins)
    terminal.print_results(results, published=True)
    assert "<b>[red]x" in capsys.readouterr().out


def test_where_nothing_is_known_it_is_said(plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path, dataset="toy", protocol="toy_loso")
    assert literature.find_published_beside(results) is None
    terminal.print_results(results, published=True)
    assert "mertk has no published scores of toy_loso." in capsys.readouterr().out
    assert "papers print" not in render_page(results, plugins)


def test_pixels_cross_the_frontier_as_bytes():
    from mertk.pipeline.pipeline import Stage

    step = Stage("extractor", object())
    kept = step._name_streams(np.full((1, 2), 200, np.uint8))["features"]
    assert kept.dtype == np.uint8
    assert step._name_streams(np.ones((1, 2)))["features"].dtype == np.float32
    assert step._name_streams(np.ones((1, 2), np.int64))["features"].dtype == np.float32
