"""Objects show themselves in one line, and in a notebook as a small table that is escaped."""

import numpy as np
import pytest

import mertk
from mertk.experiment.study import Study

EVIL = "<img src=x onerror=alert(1)>\n&"


def make_clip(name="c1", label="joy"):
    def read(at):
        raise AssertionError("a frame is decoded to show a clip")

    footage = mertk.Footage(
        frames=mertk.Frames(read, 9), onset=1, apex=4, offset=8, fps=200.0,
        flow=np.zeros((4, 4, 3), np.float32),
    )  # fmt: skip
    return mertk.Clip(
        dataset="casme2", subject="sub01", name=name, footage=footage, fingerprint="f",
        record={"label": label},
    )  # fmt: skip


RECIPE = mertk.Recipe(extractor=mertk.Use("lbptop", points=8), classifier=mertk.Use("ridge"))
TIMING = "frames: 9, onset: 1, apex: 4, offset: 8, frames per second: 200, with: flow map"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (make_clip(), f"<Clip clip: casme2/sub01/c1, label: joy, {TIMING}>"),
        (make_clip().footage, f"<Footage {TIMING}>"),
        (make_clip().footage.faces(), f"<Faces {TIMING}>"),
        (mertk.Frames.of(np.zeros((3, 4, 5, 3), np.uint8)), "<Frames frames: 3, size: 5x4>"),
        (make_clip().footage.frames, "<Frames frames: 9>"),
        (
            RECIPE,
            "<Recipe aligner: none, roi: whole, extractor: lbptop:points=8, classifier: ridge>",
        ),
        (
            Study(models=["lbptop", RECIPE], seeds=[1, 2]),
            f"<Study models: lbptop, {RECIPE}, seeds: [1, 2]>",
        ),
        (mertk.Use("lbptop", points=8), "Use('lbptop', points=8)"),
    ],
)
def test_what_is_shown_is_one_line(shown, text):
    assert repr(shown) == text


def test_a_registry_shows_how_many_of_each_kind_it_has():
    registry = mertk.load_plugins().registry
    assert f"model: {len(registry.names('model'))}" in repr(registry)
    assert "executor" not in repr(registry)


def test_a_table_in_a_notebook_is_escaped():
    text = make_clip(EVIL, EVIL)._repr_html_()
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &amp;" in text
    assert text.startswith("<table><caption>Clip</caption><tr><th>clip</th>")
    assert "<script" not in Study(models=["<script>"])._repr_html_()


def test_long_facts_are_cut():
    assert len(repr(Study(models=["lbptop"] * 500))) < 200
