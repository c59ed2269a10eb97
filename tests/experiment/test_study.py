"""What is asked and how it is done: two records, from which Python and the command line are made."""

import inspect
import json

import pytest
from click.testing import CliRunner

import mertk
from mertk.cli import app
from mertk.cli.bench_command import command
from mertk.core.options import options_of
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study
from mertk.experiment.variants import choose_variant

REGISTRY = mertk.load_plugins().registry
RECIPE = REGISTRY.recipe("flow_svm")
STUDY = Study(
    models=["lbptop", RECIPE],
    dataset=["synthetic:subjects=3", mertk.Use("synthetic", clips=2)],
    data={"casme2": "/data/CASME2"},
    protocol="synthetic3",
    swaps=[("classifier", [mertk.Use("svm", C=2)])],
    sets=[("extractor.size", [8, 8])],
    seeds=[0, 1],
)


def test_a_study_is_plain_data_and_is_read_back():
    told = json.loads(json.dumps(STUDY.to_json()))
    again = Study.from_json(told)
    plain = again.to_json()
    assert Study.from_json(plain).to_json() == plain
    assert plain["dataset"] == [
        {"name": "synthetic", "subjects": 3},
        {"name": "synthetic", "clips": 2},
    ]
    assert plain["protocol"] == {"name": "synthetic3"}
    assert plain["sets"] == told["sets"] == [["extractor.size", [8, 8]]]
    assert list(again.models) == ["lbptop", RECIPE]
    assert again.swaps == [("classifier", [mertk.Use("svm", C=2)])]
    with pytest.raises(mertk.ParameterError, match="no field 'modles'"):
        Study.from_json({**told, "modles": []})


def test_every_field_is_an_option_of_bench_in_python_and_on_the_command_line():
    known = {**options_of(Study), **options_of(Execution)}
    in_python = inspect.signature(mertk.bench).parameters
    assert set(known) <= set(in_python)
    on_the_command_line = {one.name for one in command.params}
    hidden = {name for name, (_, about) in known.items() if about.hidden}
    assert hidden == {"cache"}
    assert set(known) - hidden <= on_the_command_line
    for name, (one, about) in known.items():
        assert about.help in inspect.getdoc(mertk.bench) or name == "models"
        if name not in {"models", *hidden} and not about.several and not about.parse:
            (option,) = [given for given in command.params if given.name == name]
            assert option.default == one.default, name


def test_an_unknown_option_is_refused_by_name():
    with pytest.raises(mertk.ParameterError, match="no option 'jbos'. Known: .*jobs"):
        mertk.bench(["lbptop"], jbos=2)


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:one", ""])
def test_a_device_that_there_is_not_is_refused_before_any_work(device):
    with pytest.raises(mertk.ParameterError, match="Known: auto, cpu, cuda, cuda:NUMBER"):
        Execution(device=device)


def test_a_device_that_this_machine_lacks_is_refused_even_for_a_model_without_a_network(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(mertk.ParameterError, match="'cuda': torch finds no CUDA device"):
        mertk.bench("lbptop", device="cuda", out=tmp_path)


def test_a_folder_for_a_data_set_that_reads_none_is_refused(tmp_path):
    with pytest.raises(mertk.ParameterError, match="for 'synthetic', which reads no files"):
        mertk.bench("lbptop", data={"synthetic": tmp_path}, out=tmp_path)


def test_switches_and_lists_of_the_command_line_become_fields(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    seen = {}

    def opened(study, execution, **_):
        seen.update(study=study, execution=execution)
        raise mertk.DataError("stop here")

    monkeypatch.setattr(Study, "open", opened)
    words = ["bench", "--model", "a", "--baseline", "b", "--seeds", "2,0,2", "--no-floors", "--fresh",
             "--one-by-one", "--data", "casme2=/x", "--set", "extractor.size=3", "--device", "cuda:1",
             "--swap", "fusion=se+concat"]  # fmt: skip
    result = CliRunner().invoke(app, words)
    assert str(result.exception) == "stop here"
    study, execution = seen["study"], seen["execution"]
    assert list(study.models) == ["a", "b"]
    assert (study.seeds, study.floors, study.data) == ([0, 2], False, {"casme2": "/x"})
    assert study.sets == [("extractor.size", 3)]
    assert study.swaps == [("fusion", [mertk.Use("se"), mertk.Use("concat")])]
    assert (execution.fresh, execution.together, execution.device) == (True, False, "cuda:1")


def test_a_name_is_made_from_fields_and_never_read_back():
    found = choose_variant(REGISTRY, "flow_svm", 1, swaps=[("classifier", [mertk.Use("svm", C=2)])])
    assert (found.model, found.preset) == ("flow_svm", "")
    assert found.changes == (("classifier", "svm:C=2"),)
    assert found.name == "flow_svm+classifier=svm:C=2"
