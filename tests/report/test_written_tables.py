"""What other programs open holds text as text: CSV of predictions, the card of a model."""

from dataclasses import dataclass

from mertk.core.escaping import markdown_text
from mertk.experiment import trained_model_page
from mertk.report.video_predictions import VideoReport
from mertk.spotting.predicted_video import PredictedVideo


@dataclass
class Model:
    classes: tuple[str, ...] = ("=cmd|' /C calc'!A0", "-surprise")
    name: str = "m"


def test_predictions_hold_no_formula():
    from pathlib import Path

    video = PredictedVideo(video=Path("=1.avi"), findings=[])
    report = VideoReport(model=Model(), warning="", videos=[video])
    head, row = report.format_csv().splitlines()
    assert row.startswith("'=1.avi,")
    assert "p_=cmd" in head  # the prefix makes text of it


def test_a_card_shows_names_as_text():
    name = "<script>alert(1)</script>`[x](y)"
    about = {
        "name": name, "clips": 1, "subjects": 1, "synthetic": False, "measured": None, "seed": 0,
        "weights": 0, "provenance": {"origins": [name], "releases": {}},
        "identity": {
            "recipe": {"classifier": "svm"}, "classes": [name, "=1+1"], "datasets": ["folder"],
            "protocol": {"name": "loso"}, "clip_list": "abc",
        },
    }  # fmt: skip
    text = trained_model_page.format_card(about)
    assert "<script>" not in text
    assert markdown_text(name) in text
    assert (
        "Classes: \\<script\\>alert(1)\\</script\\>\\`\\[x\\](y), \\=1+1 (protocol `loso`)." in text
    )
