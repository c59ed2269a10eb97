"""Sweeps as their users meet them: values as rows, combinations, and what cannot be swept."""

from pathlib import Path

import pytest

import mertk
from mertk.experiment.variants import Sweep, choose_variant, sweep_variants
from mertk.report import page, sentences, terminal
from mertk.report.figures import draw_curve

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def bench(plugins, out, *sweeps, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False} | options
    return mertk.bench(["toy_model"], plugins=plugins, out=out, sweeps=sweeps, **options)


def test_each_value_is_a_row_of_the_table_and_of_the_sweep(plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path, "extractor.scale=1,1e-30,2.5")
    names = [f"toy_model+extractor.scale={value}" for value in ("1", "1e-30", "2.5")]
    assert list(results.table()["model"]) == names
    sweep = results.sweep_table()
    assert list(sweep["extractor.scale"]) == ["1", "1e-30", "2.5"]
    assert sweep["UF1"][0] > sweep["UF1"][1]  # nothing is left of the change
    terminal.print_results(results)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1e-30", "(collapsed)", f"{sweep['UF1'][1]:.3f}"] in [row[:3] for row in rows]
    assert "<h3>Sweep</h3>" in page.render_page(results, plugins)
    assert sentences.to_json(results)["sweep"][1]["extractor.scale"] == "1e-30"


def test_a_swept_number_is_drawn_and_a_swept_name_is_not(plugins, tmp_path):
    results = bench(plugins, tmp_path, "extractor.scale=1,1e-30,2.5")
    drawn = draw_curve(results)
    assert drawn.startswith("<svg")
    assert "extractor.scale" in drawn
    assert drawn in page.render_page(results, plugins)
    named = bench(plugins, tmp_path, "classifier=toy_nearest,toy_nearest:noise=3.0", seeds=[0])
    assert draw_curve(named) == ""
    assert draw_curve(bench(plugins, tmp_path)) == ""


def test_a_slot_is_exchanged_and_several_sweeps_give_all_combinations(plugins, tmp_path):
    results = bench(
        plugins, tmp_path, "extractor.scale=1,2",
        "classifier=toy_nearest,toy_nearest:noise=3.0", seeds=[0],
    )  # fmt: skip
    found = results.sweep_table()[["extractor.scale", "classifier"]].to_numpy().tolist()
    noisy = "toy_nearest:noise=3.0"
    assert found == [["1", "toy_nearest"], ["1", noisy], ["2", "toy_nearest"], ["2", noisy]]
    recipe = results.runs[3].identity["recipe"]
    assert recipe["classifier"] == {"name": "toy_nearest", "noise": 3.0}
    assert recipe["extractor"]["scale"] == 2


def test_a_variant_is_the_run_that_set_makes(plugins, tmp_path):
    swept = bench(plugins, tmp_path, "extractor.scale=2.0").runs[0]
    assert bench(plugins, tmp_path, sets=[("extractor.scale", 2.0)]).runs[0].path == swept.path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("extractor.patch_size=[8,8],[16,16]", ("[8,8]", "[16,16]")),
        ("fusion.2=se:ratio=0.5,gate=1,lstm_se", ("se:ratio=0.5,gate=1", "lstm_se")),
        ("fusion=standardize+se,concat", ("standardize+se", "concat")),
    ],
)
def test_commas_inside_a_value_stay(text, values):
    assert Sweep.parse(text).values == values


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ("extractor.scale", "write PATH=VALUE,VALUE"),
        ("extractor.scale=1,1", "names a value twice"),
        ("extractor.scle=1", "takes no parameter 'scle'"),
        ("classifier=toy_nearst", "Did you mean 'toy_nearest'"),
        ("fusion.3=toy_centred", "no '3'"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_any_run(plugins, tmp_path, sweep, message):
    with pytest.raises(mertk.MertkError) as error:
        bench(plugins, tmp_path / "runs", sweep)
    assert message in str(error.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "sweeps",
    [
        ["extractor.patches=4,9,16"],
        ["fusion.0.se=squeeze,none", "fusion.3=lstm_se,lstm_concat"],
        ["fusion.0.region_labels=auto,none"],
        ["extractor.input=frames,difference,flow"],
    ],
)
@pytest.mark.parametrize("preset", ["paper", "code", "quick", "motion"])
def test_the_papers_ablations_build(sweeps, preset):
    from mertk.pipeline.pipeline import build_pipeline

    registry = mertk.load_plugins().registry
    model = choose_variant(registry, f"cnn_lstm_se:{preset}", 1)
    for variant in sweep_variants(model, [Sweep.parse(text) for text in sweeps], ()):
        assert build_pipeline(registry, variant.recipe).inside[0].place == "fusion.0"
