"""Studies as files: what is written is read back, and a mistake is one line."""

from pathlib import Path

import pytest

import mertk
from mertk.core.options import options_of
from mertk.experiment.execution import Execution
from mertk.experiment.run_facts import identity_of
from mertk.experiment.study import Study
from mertk.experiment.study_files import (
    STUDY,
    find_study,
    format_study,
    list_studies,
    read_study,
    write_study,
)

TOYS = Path(__file__).parents[1] / "toys.py"
PLUGINS = mertk.load_plugins([TOYS])
RECIPE = PLUGINS.registry.recipe("flow_svm")
FULL = Study(
    models=["lbptop:meb", RECIPE],
    dataset=[mertk.Use("synthetic", subjects=3, clips=2)],
    data={"casme2": "/data/CASME II"},
    protocol=mertk.Use("kfold", labels="synthetic3", folds=3),
    preset="meb",
    swaps=[("classifier", [mertk.Use("svm", C=2)]), ("fusion", [mertk.Use("x", a="1+2", b="1")])],
    sets=[("extractor.size", [8, 8]), ("roi.name", '1"é')],
    sets_for=["lbptop:meb:classifier.C=1"],
    sweeps=["classifier.C=1,2", ["classifier.C=1,3", "classifier=svm,ridge"]],
    tunes=["classifier.C=0.1..1:log"],
    inner_folds=3,
    trials=4,
    replay="authors",
    keyframes="none",
    jitter=[0, 2],
    seeds=[0, 1],
    floors=False,
    oracle_gap=True,
    exclude=["s1/c1"],
    allow_mismatch=True,
)


def write(folder, text):
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_field_is_written_and_read_back(tmp_path):
    text = format_study(FULL)
    found = read_study(write(tmp_path, text))
    for name, (field, _) in options_of(Study).items():
        assert getattr(FULL, name) != field.default, name  # the study above has each
        assert getattr(found, name) == getattr(FULL, name), name
    assert format_study(found) == text
    assert 'swaps = ["classifier=svm:C=2"' in text


def test_parameters_that_toml_has_no_form_for_are_kept(tmp_path):
    recipe = RECIPE.swap("classifier", mertk.Use("svm", C=None))
    data = mertk.Use("synthetic", subjects=None)
    study = Study(models=[recipe], dataset=[data])
    found = read_study(write(tmp_path, format_study(study)))
    assert list(found.models) == [recipe]
    assert found.dataset == [data]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('model = "lbptop"', "no key 'model'. Did you mean 'models'? Known: models, dataset,"),
        ('models = ["lbptop"]\njobs = 2', "'jobs' says how a study is run"),
        ("models = [1]", "'models' must be texts such as 'lbptop:meb'"),
        ('models = ["lbptop"]\nseeds = "0"', "'seeds' must be a list of whole numbers"),
        ('models = ["lbptop"]\nseeds = [true]', "'seeds' must be a list of whole numbers"),
        ('models = ["lbptop"]\nseeds = [-1]', "numbers are not negative"),
        ('models = ["lbptop"]\nfloors = 1', "'floors' must be true or false; given: 1"),
        ('models = ["lbptop"]\ninner_folds = 1', "'inner_folds' must be a whole number from 2"),
        ('models = ["lbptop"]\nkeyframes = "no"', "must be 'given' or 'estimated' or 'none'"),
        ('models = ["lbptop"]\npreset = 1', "'preset' must be a text; given: 1"),
        ('models = ["lbptop"]\nsets = ["grid=8"]', "write SLOT.PARAMETER=VALUE"),
        ('models = ["lbptop"]\nswaps = [3]', "'swaps' must be texts"),
        ('models = ["lbptop"]\ndata = 3', "'data' must be a folder, or a table"),
        ('models = ["lbptop"]\nprotocol = ["a"]', "'protocol' must be a text such as"),
        ('protocol = "megc2019"', "names no model"),
        ("models = ", "not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path, text, told):
    file = write(tmp_path, text)
    with pytest.raises(mertk.ParameterError, match="mine.toml") as raised:
        read_study(file)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_relative_paths_begin_at_the_file(tmp_path, monkeypatch):
    (tmp_path / "lost.txt").write_text("s1/c1\ns1/c2\n")
    (tmp_path / "own.toml").write_text('classifier = "majority"\n')
    text = 'models = ["own.toml", "lbptop"]\nexclude = ["lost.txt"]\n[data]\nsamm = "SAMM"\n'
    file = write(tmp_path, text)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = read_study(file)
    assert list(found.models) == [str(tmp_path / "own.toml"), "lbptop"]
    assert found.exclude == ["s1/c1", "s1/c2"]
    assert found.data == {"samm": str(tmp_path / "SAMM")}


def test_shipped_studies_are_found_by_name_and_every_model_in_them_exists():
    assert list(list_studies()) == [
        "casme2_5", "cd6me", "dfme", "megc2019", "reference_model", "smoke",
    ]  # fmt: skip
    for name, about in list_studies().items():
        assert about.endswith("."), name
        assert find_study(name) == find_study(f"{name}.toml")
        opened = read_study(name).open(plugins=PLUGINS)
        assert len(opened.choose_variants(synthetic=False)) >= 6, name
    with pytest.raises(mertk.UnknownNameError, match="megc2019"):
        read_study("megc2018")
    with pytest.raises(mertk.ParameterError, match="no file"):
        read_study("here/megc2019.toml")


def test_the_tables_of_the_reference_model_share_the_model_as_it_is():
    opened = read_study("reference_model").open(plugins=PLUGINS)
    found = [one.changes for one in opened.choose_variants(synthetic=False) if one.changes]
    assert len(found) == 9  # 3, and 2, 3 and 1 that differ from the first
    assert found[0] == (("extractor.input", "flow"),)
    assert found[3] == (("extractor.patches", "4"),)


def test_a_finished_run_writes_a_study_with_the_same_run_identities(tmp_path):
    results = mertk.bench(
        "toy_model",
        dataset="toy",
        swaps=[("classifier", [mertk.Use("toy_nearest")])],
        sets=[("extractor.scale", 2)],
        seeds=[0],
        plugins=PLUGINS,
        jobs=1,
        out=tmp_path / "runs",
    )
    study = read_study(tmp_path / "runs" / STUDY)
    opened = study.open(Execution(out=tmp_path / "runs"), plugins=PLUGINS)
    identities = [identity_of(PLUGINS.registry, opened.task, one) for one in opened.variants]
    assert identities == [one.run.identity for one in results.outcomes]
    again = write_study(opened, tmp_path / "runs")
    assert read_study(again).to_json() == study.to_json()


def test_a_study_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / STUDY).write_text("models = []  # mine")
    with pytest.raises(mertk.StorageError, match="study.toml"):
        mertk.bench("toy_model", dataset="toy", plugins=PLUGINS, jobs=1, out=tmp_path)
    assert not list(tmp_path.glob("toy_model*"))


def test_lists_of_sweeps_are_tables_of_their_own(tmp_path):
    results = mertk.bench(
        "toy_model",
        dataset="toy",
        sweeps=[["extractor.scale=1.0,2.0"], ["classifier.noise=0,1"]],
        seeds=[0],
        floors=False,
        plugins=PLUGINS,
        jobs=1,
        out=tmp_path / "runs",
    )
    table = results.sweep_table()
    columns = table[["extractor.scale", "classifier.noise"]].to_numpy().tolist()
    assert columns == [["1.0", "–"], ["2.0", "–"], ["–", "1"]]  # noise=0 is the model as it is
