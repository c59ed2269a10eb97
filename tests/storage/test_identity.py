"""What a result depends on: a table of edits that must make another key, and of those that must not."""

import functools
import importlib
import linecache
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk import datasets
from mertk.plugins import loader
from mertk.storage import identity
from mertk.storage.source_code import modules, releases
from mertk.storage.source_code.component import _TRACES, _trace_target, read_code

PLUGIN = '''"""A plug-in."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import mertk
import helper
from mertk import Card, Recipe, Use
from mertk.vision import optical_flow as motion
from pieces import mean, shapes
from switched import *

if TYPE_CHECKING:
    from mertk import Registrar

__all__ = ["Bright"]

PAPER = "doi:10.1/one"
ABOUT = Card(title="As published", authors="A. Author", venue="V", year=2020)
RECIPE = Recipe(
    aligner=Use("none"), roi=Use("whole"), extractor=Use("bright"), classifier=Use("prior")
)


class Bright(helper.Base):
    """How bright a clip is."""

    files = ("declared.bin",)

    def __init__(self, *, gain: float = 1.0):
        if gain < 0:
            raise ValueError(f"gain={gain}; at least 0")
        self.gain = gain

    def ruled(self, x, rule=functools.partial(helper.scaled, factor=2)):
        return motion.strain(rule(x))

    def extract(self, faces, regions):
        """Double it."""
        import lazily
        from importlib import import_module

        late = import_module("dynamically")
        table = np.load(Path(__file__).with_name("named.npy"))
        return mean.of(faces) * self.gain * 2 * lazily.value * late.value * table[0]


@mertk.hookimpl
def mertk_register(register: "Registrar") -> None:
    """Register it."""
    register.extractor("bright", Bright, paper=PAPER)
    register.model("bright_prior", RECIPE, summary="Bright.", card=ABOUT)
'''

FILES = {
    "plugin.py": PLUGIN,
    "helper.py": '"""Helps."""\nimport deeper\n\n\nclass Base:\n    def half(self):\n        '
    "return deeper.value / 2\n\n\ndef scaled(x, factor=1):\n    return x * factor\n",
    "deeper.py": "value = 1\n",
    "switched.py": "value = 1\n",
    "lazily.py": "value = 1\n",
    "dynamically.py": "value = 1\n",
    "unused.py": "value = 1\n",
    "pieces/__init__.py": "scale = 1\n",
    "pieces/mean.py": "from . import _sum as total\nfrom ..pieces.shapes import square\n\n\n"
    "def of(x):\n    return total.of(x) / len(x)\n".replace("from ..pieces", "from pieces"),
    "pieces/_sum.py": "from .shapes import square\n\n\ndef of(x):\n    return x.sum()\n",
    "pieces/shapes.py": "def square(x):\n    return x * x\n",
    "pieces/unused.py": "value = 1\n",
    "declared.bin": "1",
    "named.npy": "1",
    "notes.txt": "1",
}


def append(text):
    return lambda before: before + text


def change(old, new):
    def edit(before):
        assert old in before
        return before.replace(old, new)

    return edit


MORE = append("more = 2\n")

MUST = {
    "its own code": ("plugin.py", change("self.gain * 2", "self.gain * 3")),
    "a default of its parameters": ("plugin.py", change("gain: float = 1.0", "gain: float = 2.0")),
    "what bounds a parameter": ("plugin.py", change("gain < 0", "gain < 1")),
    "the base class in another module": ("helper.py", change("/ 2", "/ 3")),
    "a function in a default argument": ("helper.py", change("x * factor", "x + factor")),
    "an argument of a partial": ("plugin.py", change("factor=2", "factor=3")),
    "what a helper imports": ("deeper.py", MORE),
    "a module of which all names are imported": ("switched.py", MORE),
    "a module imported in a function": ("lazily.py", MORE),
    "a module imported by a call": ("dynamically.py", MORE),
    "a package's __init__": ("pieces/__init__.py", MORE),
    "a module of a package": ("pieces/mean.py", MORE),
    "a relative import": ("pieces/_sum.py", MORE),
    "a relative import of a name": ("pieces/shapes.py", MORE),
    "a file that it declares": ("declared.bin", append("2")),
    "a file that its code names": ("named.npy", append("2")),
}

MUST_NOT = {
    "a comment": ("plugin.py", append("# a comment\n")),
    "the module's docstring": ("plugin.py", change('"""A plug-in."""', '"""The plug-in."""')),
    "a class's docstring": ("plugin.py", change("How bright a clip is.", "Brightness.")),
    "a method's docstring": ("plugin.py", change("Double it.", "Twice as bright.")),
    "a helper's docstring": ("helper.py", change('"""Helps."""', '"""Helps a lot."""')),
    "layout": ("plugin.py", change("self.gain * 2", "self.gain  *  2")),
    "the words of an error": ("plugin.py", change("; at least 0", " must not be negative")),
    "the registered paper": ("plugin.py", change("10.1/one", "10.1/two")),
    "the card": ("plugin.py", change("As published", "As in the code")),
    "a new import for the card": ("plugin.py", change("Card, Recipe", "Card, Recipe, Replay")),
    "the recipe, which is in a run by itself": ("plugin.py", change('"whole"', '"grid"')),
    "another registered name": ("plugin.py", change("summary=", "presets={}, summary=")),
    "what is exported": ("plugin.py", change('["Bright"]', '["Bright", "RECIPE"]')),
    "what type checkers see": ("plugin.py", change("import Registrar", "import Registry")),
    "a module that nobody imports": ("unused.py", MORE),
    "a module of its helper's package that nobody imports": ("pieces/unused.py", MORE),
    "a file beside it that nobody names": ("notes.txt", append("2")),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    forget(tmp_path)


def forget(folder):
    """As in a new process: nothing of a folder is loaded."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(folder)):
            del sys.modules[name]
    loader._load_all.cache_clear()
    importlib.invalidate_caches()


def component(folder, kind="extractor", name="bright", file="plugin.py", **params):
    forget(folder)
    found = loader.load_plugins([folder / file])
    assert not found.broken
    return identity.component_identity(found.registry, kind, mertk.Use(name, **params))


def edited(folder, name, edit):
    """The identity before and after an edit of one file."""
    before = component(folder)
    file = folder / name
    file.write_text(edit(file.read_text()))
    return before, component(folder)


@pytest.mark.parametrize("what", MUST)
def test_this_makes_another_key(folder, what):
    before, after = edited(folder, *MUST[what])
    assert before["source"] != after["source"]


@pytest.mark.parametrize("what", MUST_NOT)
def test_this_keeps_the_key(folder, what):
    before, after = edited(folder, *MUST_NOT[what])
    assert before == after


def test_a_plugin_file_may_lie_anywhere(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere")
    before = component(folder)
    for name, text in FILES.items():
        (other / name).parent.mkdir(exist_ok=True)
        (other / name).write_text(text)
    sys.path.insert(0, str(other))
    try:
        forget(folder)
        assert component(other) == before
    finally:
        sys.path.remove(str(other))
        forget(other)


def test_a_declared_file_that_is_missing_is_named(folder):
    (folder / "declared.bin").unlink()
    with pytest.raises(
        mertk.ComponentError, match=r"extractor 'bright': .* declared.bin, which is"
    ):
        component(folder)


def test_a_helper_loaded_from_its_file_counts(folder):
    (folder / "plugin.py").write_text(
        "import importlib.util\nfrom pathlib import Path\nimport mertk\n"
        "spec = importlib.util.spec_from_file_location('h', Path(__file__).with_name('lazily.py'))\n"
        "h = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(h)\n\n"
        "class Bright:\n    '''Doc.'''\n    def extract(self, faces, regions):\n"
        "        return h.value\n\n"
        "@mertk.hookimpl\ndef mertk_register(register):\n    register.extractor('bright', Bright)\n"
    )
    before, after = edited(folder, "lazily.py", append("# a comment\n"))
    assert before == after
    before, after = edited(folder, "lazily.py", MORE)
    assert before != after


FACTORY = """
import mertk
import mills

Bright = mills.make({value})

@mertk.hookimpl
def mertk_register(register):
    register.extractor("bright", Bright)
"""


def test_what_a_class_was_made_with_counts(folder):
    (folder / "mills.py").write_text(
        "def make(factor):\n    class Made:\n        '''Doc.'''\n"
        "        def extract(self, faces, regions):\n            return factor\n    return Made\n"
    )
    (folder / "plugin.py").write_text(FACTORY.format(value=8))
    before, after = edited(folder, "plugin.py", change("8", "9"))
    assert before["source"] != after["source"]
    before, after = edited(folder, "mills.py", change("return factor", "return factor + 1"))
    assert before["source"] != after["source"]


def test_a_patched_method_counts(folder):
    (folder / "plugin.py").write_text(
        PLUGIN.replace("@mertk.hookimpl", "import patches\n\nBright.extract = patches.extract\n\n"
                       "@mertk.hookimpl")
    )  # fmt: skip
    (folder / "patches.py").write_text("def extract(self, faces, regions):\n    return 1\n")
    before, after = edited(folder, "patches.py", change("return 1", "return 2"))
    assert before["source"] != after["source"]


# Installed packages


def installed(folder, monkeypatch, release="1.0"):
    """A third party's package as pip installs it, with a data file and a README."""
    home = folder / "site-packages"
    package, about = home / "mine_pkg", home / "mine_pkg-1.0.dist-info"
    for made in (package, about):
        made.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mine_pkg\nVersion: {release}\n")
    (about / "RECORD").write_text("mine_pkg/__init__.py,,\n")
    (about / "top_level.txt").write_text("mine_pkg\n")
    files = {
        "__init__.py": "",
        "method.py": "import mine_pkg._half as half\n\n\nclass Method:\n    '''Doc.'''\n"
        "    def extract(self, faces, regions):\n        return half.value\n",
        "_half.py": "value = 1\n",
        "other.py": "value = 1\n",
        "weights.bin": "1",
        "README.md": "Read me.\n",
    }
    for name, text in files.items():
        if not (package / name).exists():
            (package / name).write_text(text)
    monkeypatch.syspath_prepend(str(home))
    releases._read_metadata.cache_clear()
    releases.releases_of.cache_clear()
    return package


def code_of_package(folder):
    forget(folder)
    return read_code(importlib.import_module("mine_pkg.method").Method)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("method.py", True), ("_half.py", True), ("weights.bin", True), ("other.py", False),
     ("README.md", False)],
)  # fmt: skip
def test_an_installed_package_counts_by_what_it_uses_and_its_data(
    folder, monkeypatch, name, counts
):
    package = installed(folder, monkeypatch)
    before = code_of_package(folder)
    file = package / name
    file.write_text(file.read_text() + "more = 2\n")
    assert (code_of_package(folder) != before) is counts


def test_an_installed_package_counts_by_its_release(folder, monkeypatch):
    installed(folder, monkeypatch)
    before = code_of_package(folder)
    assert before.libraries["mine_pkg"] == "1.0"
    installed(folder, monkeypatch, release="1.1")
    after = code_of_package(folder)
    assert after.libraries["mine_pkg"] == "1.1"
    assert after.source == before.source


def test_a_package_that_declares_its_files_has_no_others(folder, monkeypatch):
    package = installed(folder, monkeypatch)
    file = package / "method.py"
    file.write_text(file.read_text() + "\n    files = ('README.md',)\n")
    before = code_of_package(folder)
    (package / "weights.bin").write_text("other")
    assert code_of_package(folder) == before
    (package / "README.md").write_text("other")
    assert code_of_package(folder) != before


def test_of_libraries_those_count_that_are_used(folder):
    used = component(folder)["libraries"]
    assert used["numpy"] == version("numpy")
    assert used["opencv-python"] == version("opencv-python")  # by mertk.vision.optical_flow
    assert used["scipy"] == version("scipy")  # by scikit-image, by mertk.vision.optical_flow
    assert not {"torch", "timm", "pandas", "click", "rich", "pluggy", "mertk"} & set(used)
    networks = identity.component_identity(
        mertk.load_plugins().registry, "classifier", mertk.Use("ststnet")
    )
    assert networks["libraries"]["torch"] == version("torch")
    assert "scikit-learn" not in networks["libraries"]


def test_another_release_makes_another_key(folder, monkeypatch):
    before = component(folder)
    real = releases.distribution

    class Newer:
        version = "99.0"
        requires = ()

    monkeypatch.setattr(releases, "distribution", lambda n: Newer if n == "numpy" else real(n))
    releases._read_metadata.cache_clear()
    releases.releases_of.cache_clear()
    after = component(folder)
    releases._read_metadata.cache_clear()
    releases.releases_of.cache_clear()
    assert after["libraries"]["numpy"] == "99.0"
    assert before["source"] == after["source"]


# mertk's own modules

OURS = Path(mertk.__file__).parent
SHIPPED = OURS.parent / "plugins" / "mertk_plugins"

NEVER = (
    "__init__.py",
    "cli/bench_command.py",
    "core/clip_lists.py",
    "core/errors.py",
    "core/interfaces.py",
    "core/model_card.py",
    "core/offers.py",
    "core/recipe.py",
    "evaluation/results.py",
    "experiment/bench.py",
    "pipeline/pipeline.py",
    "plugins/hooks.py",
    "plugins/loader.py",
    "plugins/registry.py",
    "report/page.py",
    "report/sentences.py",
    "storage/identity.py",
    "storage/ledger.py",
    "storage/source_code/modules.py",
)
"""What describes, registers and reports; the pipeline has a version of its own."""

STATISTICS = "evaluation/statistics.py"
"""Computes, but of what is shipped no component uses it."""

COUNTS = {
    ("extractor", "hoof"): "core/clips.py vision/optical_flow.py vision/resampling.py",
    ("extractor", "lbptop"): "core/clips.py vision/resampling.py",
    ("aligner", "eye_similarity"): "core/clips.py",
    ("classifier", "ststnet"): "core/clips.py nn/classifier.py nn/losses.py nn/schedule.py "
    "nn/training.py",
    ("classifier", "svm"): "core/clips.py core/spelling.py core/splits.py",
    ("protocol", "casme2_5"): "core/clips.py core/spelling.py core/splits.py",
}


def with_text(monkeypatch, file, text):
    """As if a module of mertk ended with this text."""
    real = modules._read_source
    monkeypatch.setattr(
        modules, "_read_source", lambda path: real(path) + (text if path == file else "")
    )
    modules._TEXTS.clear()
    _TRACES.clear()


@pytest.fixture
def registry():
    yield mertk.load_plugins().registry
    modules._TEXTS.clear()
    _TRACES.clear()


@pytest.mark.parametrize("place", COUNTS)
def test_of_mertk_what_computes_counts(registry, monkeypatch, place):
    kind, name = place
    before = identity.component_identity(registry, kind, mertk.Use(name))
    counting = set()
    computing = {name for names in COUNTS.values() for name in names.split()}
    for file in [OURS / name for name in {*NEVER, *computing, "core/metrics.py", STATISTICS}]:
        with monkeypatch.context() as patch:
            with_text(patch, file, "\nADDED = 1\n")
            if identity.component_identity(registry, kind, mertk.Use(name)) != before:
                counting.add(file.relative_to(OURS).as_posix())
    assert counting == set(COUNTS[place].split())
    assert not counting & set(NEVER)


def test_none_of_what_describes_counts_for_any_shipped_component(registry):
    names = {f"mertk.{name[:-3].replace('/', '.')}".removesuffix(".__init__") for name in NEVER}
    for entry in registry:
        if entry.kind == "model":
            continue
        found = _trace_target(entry.load(), whole=True, aside="")
        assert not names & set(found.codes), f"{entry.kind} {entry.name}"


def test_the_files_that_never_count_are_there():
    assert [name for name in NEVER if not (OURS / name).is_file()] == []


def test_the_words_of_errors_of_what_computes_do_not_count(registry, monkeypatch):
    before = identity.component_identity(registry, "extractor", mertk.Use("hoof"))
    real = modules._read_source
    reworded = lambda path: real(path).replace("cannot resample", "it is not possible to resample")  # noqa: E731
    assert reworded(OURS / "vision/resampling.py") != real(OURS / "vision/resampling.py")
    monkeypatch.setattr(modules, "_read_source", reworded)
    modules._TEXTS.clear()
    _TRACES.clear()
    assert identity.component_identity(registry, "extractor", mertk.Use("hoof")) == before


@pytest.mark.parametrize(
    "line",
    [
        "import mertk\nsplit = mertk.leave_one_subject_out",
        "import mertk as m\nsplit = m.core.splits.leave_one_subject_out",
        "from mertk.core import splits as s\nsplit = s.leave_one_subject_out",
        "from mertk import leave_one_subject_out as out\nsplit = out",
        "import mertk.core.splits\nsplit = mertk.core.splits",
        "from mertk.core.splits import leave_one_subject_out as out",
        "import importlib\ns = importlib.import_module('mertk.core.splits')",
    ],
)
def test_a_module_of_mertk_counts_however_it_is_named(folder, line):
    (folder / "plugin.py").write_text(f"{PLUGIN}\n{line}\nused = split = out = 1\n")
    component(folder)
    target = loader.load_plugins([folder / "plugin.py"]).registry.get("extractor", "bright").load()
    assert "mertk.core.splits" in _trace_target(target, whole=True, aside="").codes


@pytest.mark.parametrize("module", mertk.PUBLIC_MODULES)
def test_of_the_public_modules_those_that_compute_count_where_they_are_used(folder, module):
    alone = {
        "mertk.core.clip_lists",
        "mertk.core.imports",
        "mertk.datasets",
        "mertk.evaluation.external_predictions",
        "mertk.export.layouts",
        "mertk.pipeline.sklearn",
        "mertk.testing",
    }
    (folder / "plugin.py").write_text(f"{PLUGIN}\nimport {module} as used\n")
    component(folder)
    target = loader.load_plugins([folder / "plugin.py"]).registry.get("extractor", "bright").load()
    found = _trace_target(target, whole=True, aside="").codes
    assert (module in found) == (module not in alone)


# Notebooks and scripts


class Notebook:
    """Cells that run one after the other in one namespace, as IPython runs them."""

    def __init__(self):
        self.names = {"__name__": "__main__", "mertk": mertk, "np": np}
        self.count = 0

    def run(self, text):
        self.count += 1
        file = f"<cell {id(self)} {self.count}>"
        lines = text.splitlines(keepends=True)
        linecache.cache[file] = len(text), None, lines, file
        exec(compile(text, file, "exec"), self.names)  # noqa: S102  cells of this file

    def code(self, name="Bright"):
        return read_code(self.names[name])


CELLS = (
    "import helper\nfrom pieces.mean import of\nfrom mertk.vision import optical_flow as motion\n",
    "BINS = 8\nTABLE = {'a': np.arange(3), 'b': abs}\n",
    "def scaled(x, by=2):\n    return x * by\n",
    "class Base:\n    def half(self):\n        return motion.strain\n",
    """class Bright(Base):
    '''Doc.'''
    def extract(self, faces, regions):
        import lazily
        return scaled(of(faces)) * BINS * TABLE['a'] * helper.scaled(1) * lazily.value
""",
)


@pytest.fixture
def notebook(folder):
    made = Notebook()
    for cell in CELLS:
        made.run(cell)
    return made


REDEFINED = {
    "its own code": (CELLS[4].replace("* BINS", "+ BINS"), True),
    "a function that it calls": (CELLS[2].replace("x * by", "x + by"), True),
    "a default of that function": (CELLS[2].replace("by=2", "by=3"), True),
    "its base": (CELLS[3].replace("motion.strain", "motion.Method") + CELLS[4], True),
    "a constant": ("BINS = 9", True),
    "an array in a table": ("TABLE = {'a': np.arange(4), 'b': abs}", True),
    "nothing": (CELLS[4], False),
    "its docstring": (CELLS[4].replace("Doc.", "Other."), False),
    "a comment": ("# why\n" + CELLS[4].replace("lazily\n", "lazily  # late\n"), False),
    "a name that it does not use": ("OTHER = 3\ndef unused():\n    return 1\n", False),
}


@pytest.mark.parametrize("what", REDEFINED)
def test_a_class_of_a_notebook_is_known_by_its_cells(notebook, what):
    cell, counts = REDEFINED[what]
    before = notebook.code()
    notebook.run(cell)
    assert (notebook.code() != before) is counts


@pytest.mark.parametrize(
    "name", ["helper.py", "deeper.py", "pieces/mean.py", "pieces/_sum.py", "lazily.py"]
)
def test_what_a_notebook_imports_counts(folder, notebook, name):
    before = notebook.code()
    file = folder / name
    file.write_text(file.read_text() + "more = 2\n")
    forget(folder)
    again = Notebook()
    for cell in CELLS:
        again.run(cell)
    assert again.code() != before


def test_libraries_and_modules_of_mertk_count_in_a_notebook(notebook):
    notebook.run(
        "class Plain:\n    def extract(self, f, r):\n        return mertk.vision.optical_flow.strain(f)\n"
    )
    assert set(notebook.code("Plain").libraries) >= {"numpy", "opencv-python", "scikit-image"}


def test_a_class_without_source_is_refused_in_one_line():
    names = {"__name__": "__main__"}
    text = "class Bright:\n    '''Doc.'''\n    def extract(self, f, r):\n        return 1\n"
    exec(text, names)  # noqa: S102
    registry = mertk.Registry()
    mertk.Registrar(registry, "notebook").extractor("bright", names["Bright"])
    with pytest.raises(mertk.ComponentError) as caught:
        identity.component_identity(registry, "extractor", mertk.Use("bright"))
    assert str(caught.value).startswith("extractor 'bright': Bright.extract has no source")
    assert "\n" not in str(caught.value)


def test_a_value_that_cannot_be_hashed_is_refused_by_name(notebook):
    notebook.run("HELD = (one for one in 'abc')\nclass Odd:\n    def extract(self, f, r):\n"
                 "        return HELD\n")  # fmt: skip
    with pytest.raises(mertk.ComponentError, match="'HELD' is used .* holds a generator"):
        notebook.code("Odd")


def test_a_class_of_a_script_does_not_depend_on_what_the_script_runs(folder):
    text = "class Bright:\n    def extract(self, f, r):\n        return 1\n\nSEEDS = 3\n"
    found = []
    for seeds in ("3", "4"):
        script = folder / f"script{seeds}.py"
        script.write_text(text.replace("SEEDS = 3", f"SEEDS = {seeds}"))
        names = {"__name__": "__main__"}
        exec(compile(script.read_text(), str(script), "exec"), names)  # noqa: S102
        found.append(read_code(names["Bright"]))
    assert found[0] == found[1]


def test_a_notebooks_component_runs_and_is_known_by_its_code(notebook, tmp_path):
    found = loader.load_plugins([Path(__file__).parents[1] / "toys.py"])
    runs = []
    for gain in ("1", "-1"):
        notebook.run(
            "class Bright:\n    '''Doc.'''\n    def extract(self, faces, regions):\n"
            f"        return np.array([[faces.frames[faces.peak].mean() * {gain}]])\n"
        )
        registry = found.registry
        registry._entries.pop(("extractor", "bright"), None)
        mertk.Registrar(registry, "notebook").extractor("bright", notebook.names["Bright"])
        results = mertk.bench(
            ["toy_model"], dataset="toy", swaps=[("extractor", [mertk.Use("bright")])], jobs=1,
            floors=False, out=tmp_path / "runs", plugins=found,
        )  # fmt: skip
        runs.append(results.runs[0].path)
    loader._load_all.cache_clear()
    assert runs[0] != runs[1]


# Data


READER = '''"""A reader."""

import numpy as np

import mertk
from reading import Reader


class Set:
    """Doc."""

    default_protocol = "toy_loso"

    def index(self, root=None):
        found = []
        for at in range(4):
            found.append(self.clip(at))
        return found

    def clip(self, at):
        frames = mertk.Frames(Reader(at), 5)
        footage = mertk.Footage(frames=frames, onset=0, apex=2, offset=4, fps=100.0)
        return mertk.Clip(
            dataset="set", subject=f"s{at // 2}", name=f"c{at}", footage=footage, fingerprint=f"{at}",
            record={"label": ("down", "up")[at % 2], "source": "camera"},
        )


@mertk.hookimpl
def mertk_register(register):
    register.dataset("set", Set)
'''

READING = '''"""Reads."""

import numpy as np


class Reader:
    """Doc."""

    def __init__(self, at):
        self.at = at

    def __call__(self, at):
        return np.full((8, 8, 3), 10 * self.at + at, np.uint8)
'''

READER_EDITS = {
    "how pixels are read": ("reading.py", change("10 * self.at", "20 * self.at"), True),
    "the timing": ("reader.py", change("apex=2", "apex=3"), True),
    "the frame rate": ("reader.py", change("fps=100.0", "fps=200.0"), True),
    "its docstring": ("reading.py", change("Reads.", "It reads."), False),
    "how the clips are gone through": (
        "reader.py",
        change("range(4)", "reversed(range(4))"),
        False,
    ),
    "what else it notes": ("reader.py", change('"camera"', '"phone"'), False),
    "its default protocol": ("reader.py", change("toy_loso", "loso"), False),
}


@pytest.mark.parametrize("what", READER_EDITS)
def test_a_reader_counts_by_what_it_gives(folder, what):
    (folder / "reader.py").write_text(READER)
    (folder / "reading.py").write_text(READING)
    name, edit, counts = READER_EDITS[what]
    told = []
    for _ in range(2):
        forget(folder)
        found = loader.load_plugins([folder / "reader.py"])
        assert not found.broken
        clips = found.registry.build("dataset", mertk.Use("set")).index()
        told.append(identity.clips_identity(clips, [clip.record["label"] for clip in clips]))
        (folder / name).write_text(edit((folder / name).read_text()) if len(told) < 2 else "")
    assert (told[0] != told[1]) is counts


def test_readers_of_pixels_in_memory_and_of_mertk_have_no_code_of_their_own(tmp_path):
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    memory = mertk.Frames.of(pixels)
    assert memory.makers == ()
    files = datasets.media.frames.of_files([tmp_path / "1.png"])
    assert [identity._read_reader_code(maker) for maker in files.makers] == [None]
    functions = mertk.Frames(functools.partial(np.take, pixels, axis=0), 3)
    (found,) = [identity._read_reader_code(maker) for maker in functions.makers]
    assert found[1]["numpy"] == version("numpy")


def test_a_change_of_frames_counts():
    frames = mertk.Frames(test_a_change_of_frames_counts, 3)
    assert frames.map(change).makers == (test_a_change_of_frames_counts, change)


# One process that lives on


def test_what_is_loaded_counts_and_not_what_the_file_has_become(folder):
    found = loader.load_plugins([folder / "plugin.py"]).registry
    before = identity.component_identity(found, "extractor", mertk.Use("bright"))
    for name in ("plugin.py", "helper.py", "deeper.py"):
        (folder / name).write_text((folder / name).read_text() + "more = 2\n")
    assert identity.component_identity(found, "extractor", mertk.Use("bright")) == before
    importlib.reload(sys.modules["deeper"])
    assert identity.component_identity(found, "extractor", mertk.Use("bright")) != before


def test_files_are_read_again_when_they_change(folder):
    found = loader.load_plugins([folder / "plugin.py"]).registry
    before = identity.component_identity(found, "extractor", mertk.Use("bright"))
    (folder / "declared.bin").write_text("2")
    assert identity.component_identity(found, "extractor", mertk.Use("bright")) != before


def test_a_known_key_is_not_worked_out_again(registry, monkeypatch):
    recipe = registry.recipe("ststnet")
    before = identity.recipe_identity(registry, recipe)
    monkeypatch.setattr("mertk.storage.source_code.component.add_object", None)
    monkeypatch.setattr(modules, "parse_module", None)
    assert identity.recipe_identity(registry, recipe) == before


def test_a_model_says_that_it_was_trained_with_other_code(folder, caplog, tmp_path):
    from mertk.experiment import trained_model

    registry = loader.load_plugins([folder / "plugin.py"]).registry
    recipe = registry.recipe("bright_prior")
    named = {"components": identity.recipe_identity(registry, recipe)}
    trained_model._warn_of_changes(tmp_path, registry, recipe, named)
    assert not caplog.records
    (folder / "deeper.py").write_text("value = 2\n")
    forget(folder)
    registry = loader.load_plugins([folder / "plugin.py"]).registry
    assert identity.changed_components(registry, recipe, named["components"]) == [
        "extractor bright"
    ]
    trained_model._warn_of_changes(tmp_path, registry, recipe, named)
    assert "was trained with other code of extractor bright: " in caplog.text
    assert len(caplog.records) == 1


def test_a_named_file_that_is_gone_is_no_part_of_a_key_any_more(folder):
    found = loader.load_plugins([folder / "plugin.py"]).registry
    before = identity.component_identity(found, "extractor", mertk.Use("bright"))
    (folder / "named.npy").unlink()
    assert identity.component_identity(found, "extractor", mertk.Use("bright")) != before


@pytest.mark.parametrize(("method", "engines"), [("tvl1", 2), ("farneback", 1)])
def test_the_engine_of_a_flow_is_in_the_identity(registry, monkeypatch, method, engines):
    import cv2

    found = []
    for contrib in (False, True):
        with monkeypatch.context() as patch:
            if contrib:
                patch.setattr(cv2, "optflow", object(), raising=False)
            else:
                patch.delattr(cv2, "optflow", raising=False)
            use = mertk.Use("flow", method=method)
            found.append({"extractor": identity.component_identity(registry, "extractor", use)})
    assert len({identity.hash_json(one) for one in found}) == engines
    first, second = map(identity.find_flow_engines, found)
    assert first["extractor"] in ("tvl1 by scikit-image", "farneback by OpenCV")
    assert second["extractor"] in ("tvl1 by OpenCV contrib", "farneback by OpenCV")


def test_what_computes_no_flow_has_no_engine(registry):
    for kind, name in (("extractor", "pixels"), ("aligner", "eye_similarity")):
        assert "flow_engine" not in identity.component_identity(registry, kind, mertk.Use(name))
