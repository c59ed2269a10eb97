"""A plug-in or component that calls `sys.exit()` is a mistake with a name, never a success."""

import pytest

from mertk import cli
from mertk.core.errors import ComponentError, MertkError, describe_error, name_component
from mertk.core.recipe import Use
from mertk.plugins.hooks import tell_observers
from mertk.plugins.loader import load_plugins

COMPONENTS = '''
import sys
import numpy as np
import mertk

def end(at, where):
    if at == where:
        {how}

class Quits:
    """Ends the program, where it is told to."""
    def __init__(self, *, at="init"):
        end(at, "init")
        self.at = at
    def fit(self, train, rng):
        end(self.at, "fit")
        self.classes = len(train.classes)
    def predict(self, streams):
        end(self.at, "predict")
        return np.full(self.classes, 1 / self.classes)

class Looks:
    """An extractor that ends the program."""
    def extract(self, faces, regions):
        end(1, 1)

class Reads:
    """A reader that ends the program."""
    def index(self, folder):
        end(1, 1)

class Rules:
    """A protocol that ends the program."""
    def __init__(self, *, at="label"):
        self.at = at
    classes = ()
    datasets = ()
    def label(self, clip):
        end(self.at, "label")
        return clip.record["label"]
    def splits(self, clips):
        end(self.at, "splits")

class Spots:
    """A spotter that ends the program."""
    def spot(self, faces):
        end(1, 1)

@mertk.hookimpl
def mertk_register(register):
    register.classifier("quits", Quits)
    register.extractor("looks", Looks)
    register.dataset("reads", Reads)
    register.protocol("rules", Rules)
    register.spotter("spots", Spots)

@mertk.hookimpl
def mertk_run_done(run):
    end(1, 1)
'''
SET = "synthetic:subjects=3,clips=3,frames=6,size=64"


@pytest.fixture(params=["sys.exit()", "sys.exit('bye')", "raise BaseException('odd')"])
def plugin(request, tmp_path):
    file = tmp_path / "quits.py"
    file.write_text(COMPONENTS.replace("{how}", request.param))
    return file


@pytest.fixture
def run(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(one) for one in arguments])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return call


def quits(at):
    return ("--swap", f"classifier=quits:at={at}", "--dataset", SET)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (quits("init"), "classifier 'quits': its constructor failed: "),
        (quits("fit"), "classifier (Quits): "),
        (quits("predict"), "classifier Quits: predict failed: "),
        (("--swap", "extractor=looks", "--dataset", SET), "extractor Looks failed: "),
        (("--dataset", "reads"), "data set 'reads': index failed: "),
        (("--protocol", "rules:at=label", "--dataset", SET), "label failed: "),
        (("--protocol", "rules:at=splits", "--dataset", SET), "splits failed: "),
    ],
)
def test_a_component_that_ends_the_program_is_named(run, tmp_path, plugin, options, named):
    code, _, err = run(
        "--plugin", plugin, "bench", "--model", "flow_svm", *options, "--jobs", "1",
        "--out", tmp_path / "runs",
    )  # fmt: skip
    assert code == 2
    assert named in err
    assert err.count("Error: ") == 1


def test_a_worker_tells_which_component_ended_it(run, tmp_path, plugin):
    code, _, err = run(
        "--plugin", plugin, "bench", "--model", "flow_svm", *quits("fit"), "--jobs", "2",
        "--out", tmp_path / "runs",
    )  # fmt: skip
    assert code == 2
    assert "classifier (Quits): " in err
    assert err.count("Error: ") == 1


def test_an_observer_that_ends_the_program_costs_a_warning(plugin, caplog):
    tell_observers(
        load_plugins([plugin]).manager, "mertk_run_done", run={}, scores={}, name="", folder=""
    )
    assert "failed in mertk_run_done, the run goes on" in caplog.text


def test_a_spotter_that_ends_the_program_is_named(plugin):
    from mertk.spotting.checked_spots import spot_stretch

    spotter = load_plugins([plugin]).registry.build("spotter", Use("spots"))
    with pytest.raises(ComponentError, match="spotter Spots failed"):
        spot_stretch(spotter, None)


def test_a_check_of_it_fails(run, plugin):
    code, out, _ = run("--plugin", plugin, "check", plugin)
    assert code == 1
    assert "failed" in out


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.exit()\n",
        "raise BaseException\n",
        "import sys, mertk\n@mertk.hookimpl\ndef mertk_register(register):\n    sys.exit(0)\n",
    ],
)
def test_a_plug_in_that_ends_the_program_is_left_out(run, tmp_path, source):
    (tmp_path / "bad.py").write_text(source)
    code, out, err = run("--plugin", tmp_path / "bad.py", "list", "model")
    assert code == 0
    assert "flow_svm" in out
    assert "bad.py is left out: " in err


def test_an_interrupt_stays_one(tmp_path):
    (tmp_path / "bad.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_plugins([tmp_path / "bad.py"])
    with pytest.raises(KeyboardInterrupt), name_component("it"):
        raise KeyboardInterrupt


def test_an_error_of_mertk_keeps_its_text():
    with pytest.raises(MertkError, match="^as it was$"), name_component("it"):
        raise MertkError("as it was")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SystemExit(), "it called sys.exit()"),
        (SystemExit(0), "it called sys.exit(0)"),
        (SystemExit("no"), "it called sys.exit('no')"),
        (ValueError("two\nlines"), "ValueError: two lines"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_an_error_is_told_on_one_line(error, told):
    assert describe_error(error) == told


def _quit():
    raise SystemExit(0)


def test_a_library_that_ends_the_program_is_no_success(run, monkeypatch):
    monkeypatch.setattr("mertk.plugins.loader.load_plugins", lambda _files: _quit())
    code, _, err = run("list")
    assert code == 2
    assert err == "Error: a component or library ended the program: it called sys.exit(0)\n"
