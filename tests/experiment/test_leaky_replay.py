"""Replays of orders of work that leak: stamped, kept apart, and only where a model offers one."""

import json
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.audit import audit, case_of
from mertk.report import sentences, terminal
from mertk.report.page import render_page
from mertk.storage.cache import Cache
from mertk.storage.ledger import Run

TOYS = Path(__file__).parents[1] / "toys.py"
MEMORY = '''
import numpy as np, mertk
class Memory:
    """The label of the training clip that looks most alike."""
    def __init__(self, *, chance: float = 0.0):
        self.chance = chance
    def fit(self, train, rng):
        if self.chance:
            self.turn = rng.random()
        self.rows = np.stack([_row(faces) for faces, _ in train.inputs])
        self.labels = train.labels
    def extract(self, faces, regions):
        nearest = np.square(self.rows - _row(faces)).sum(axis=1).argmin()
        return np.array([[40.0 * self.labels[nearest]]])
def _row(faces):
    return faces.frames[faces.onset].astype(float).ravel()  # noise alone: the change comes later
STRICT = mertk.Recipe(aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
                      extractor=mertk.Use("memory"), fusion=(mertk.Use("toy_centred"),),
                      classifier=mertk.Use("toy_nearest"))
@mertk.hookimpl
def mertk_register(register):
    register.extractor("memory", Memory)
    register.model("remembers", STRICT, summary="Remembers.", replays={
        "authors": mertk.Replay(once=("extractor",)),
        "with_chance": mertk.Replay(once=("extractor",), sets={"extractor.chance": 1.0}),
        "too_late": mertk.Replay(once=("fusion.0",)),
        "of_nothing": mertk.Replay(once=("roi",)),
    })
'''


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "memory.py").write_text(MEMORY)
    return mertk.load_plugins([TOYS, tmp_path / "memory.py"])


def bench(plugins, out, replay="authors", **options):
    options = {"dataset": "toy:subjects=6,clips=6", "jobs": 1, "floors": False} | options
    return mertk.bench(["remembers"], plugins=plugins, out=out, replay=replay, **options)


def test_the_replay_scores_what_it_remembers_and_the_strict_order_does_not(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    (leaked,) = results.leaked_table().to_dict("records")
    (strict,) = results.table().to_dict("records")
    assert leaked["model"] == "remembers+replay=authors"
    assert leaked["UF1"] == 1.0
    assert strict["UF1"] < 0.8


def test_a_replay_is_named_in_its_identity_and_in_no_other(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    assert results.leaked[0].run.identity["replay"] == {"name": "authors", "once": ["extractor"]}
    assert "replay" not in results.runs[0].identity


def test_only_a_stamped_run_fits_outside_its_folds(plugins, tmp_path):
    from mertk.experiment.jobs import once_of

    results = bench(plugins, tmp_path)
    assert once_of(results.leaked[0].run) == ("extractor",)
    assert once_of(results.runs[0]) == ()
    file = results.leaked[0].run.path / "run.json"
    about = json.loads(file.read_text())
    del about["identity"]["replay"]
    file.write_text(json.dumps(about))
    with pytest.raises(mertk.MertkError, match="damaged"):
        Run(file.parent)


def test_a_replay_is_in_no_comparison_and_in_a_section_of_its_own(plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path, floors=True)
    name = "remembers+replay=authors"
    assert all(name not in pair for pair in results.comparisons())
    assert name not in set(results.table()["model"])
    terminal.print_results(results)
    said = capsys.readouterr().out
    assert said.index("LEAKED: held-out clips were used in training") < said.index(name)
    assert f"{name} is LEAKED: extractor was fitted once" in said
    page = render_page(results, plugins)
    assert page.index("<h3>Leaked</h3>") < page.index(f'<th scope="row">{name}')
    assert sentences.to_json(results)["leaked"][0]["model"] == name


def test_a_report_on_the_folder_stamps_it_too_and_shows_it_with_the_strict_run_alone(
    plugins, tmp_path
):
    bench(plugins, tmp_path / "runs")
    again = mertk.Results.load(tmp_path / "runs", plugins=plugins)
    assert [outcome.name for outcome in again.leaked] == ["remembers+replay=authors"]
    with pytest.raises(mertk.StorageError, match="only shown beside the run without the leak"):
        mertk.Results.load(again.leaked[0].run.path, plugins=plugins)


def test_a_replay_resumes(plugins, tmp_path):
    first = bench(plugins, tmp_path, "with_chance", seeds=(0, 1)).leaked[0].run
    whole = first.predictions()
    next(iter(sorted((first.path / "folds").iterdir()))).unlink()
    assert bench(plugins, tmp_path, "with_chance", seeds=(0, 1)).leaked[0].predictions.equals(whole)


def test_a_fresh_replay_fits_again_what_it_has_fitted(plugins, tmp_path):
    whole = bench(plugins, tmp_path).leaked[0].predictions
    cache = Cache()
    for file in list(cache.entries()):
        stored = cache.get(file.stem)
        wrong = {name: array * 0 for name, array in stored.arrays.items()}
        cache.put(file.stem, wrong, stored.about)
    fresh = bench(plugins, tmp_path, fresh=True).leaked[0].predictions
    assert fresh.equals(whole)


def test_two_workers_replay_the_same_bits(plugins, tmp_path):
    one = bench(plugins, tmp_path / "a").leaked[0].predictions
    two = bench(plugins, tmp_path / "b", jobs=2).leaked[0].predictions
    assert one.equals(two)


@pytest.mark.parametrize(
    ("replay", "message"),
    [
        ("author", "Did you mean 'authors'"),
        ("too_late", "extractor learns before fusion.0"),
        ("of_nothing", "fits 'roi' once, but nothing at that place"),
    ],
)
def test_a_replay_that_cannot_be_is_refused_before_any_run(plugins, tmp_path, replay, message):
    with pytest.raises(mertk.MertkError) as error:
        bench(plugins, tmp_path / "runs", replay)
    assert message in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_a_recipe_has_no_replay(plugins, tmp_path):
    recipe = plugins.registry.recipe("remembers")
    with pytest.raises(mertk.ParameterError, match="only models have one"):
        mertk.bench(
            [recipe], dataset="toy", plugins=plugins, out=tmp_path / "runs", replay="authors"
        )


@pytest.mark.slow
def test_the_audit_finds_the_replay_and_names_its_stage(plugins):
    options = {"dataset": "toy:subjects=6,clips=6"}
    found = audit(case_of(plugins, "remembers", replay="authors", **options), probes=["noise"])
    assert found.model == "remembers+replay=authors"
    assert (found.verdicts[0].leak, found.verdicts[0].score) == ("extractor", 1.0)
    strict = audit(case_of(plugins, "remembers", **options), probes=["noise"])
    assert strict.passed


def test_the_reference_model_keeps_half_of_all_frames_in_its_authors_order():
    from mertk_plugins.fusion.patch_cnn_se import PatchCNNSE

    kept = PatchCNNSE(share=0.5)._draw_kept_frames(
        [np.arange(10), np.arange(7), np.arange(1)], np.random.default_rng(0)
    )
    assert sum(map(len, kept)) == 9
    assert all(np.isin(where, np.arange(10)).all() for where in kept)
    model = mertk.load_plugins().registry.replay("cnn_lstm_se", "authors")
    assert model.once == ("fusion.0",)
    assert model.sets == {"fusion.0.frames": 0, "fusion.0.share": 0.5}
