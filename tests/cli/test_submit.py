"""Videos without annotations are spotted in, and the finds become the files of a challenge."""

import csv
import json

import cv2
import pytest

import mertk

LEARNT_FROM = "synthetic_long:videos=3,seconds=16,micros=2,macros=1,size=64,amplitude=1,nuisance=0"
UNSEEN = (
    "synthetic_long:videos=1,seconds=16,micros=2,macros=1,size=64,amplitude=1,nuisance=0,seed=7"
)
HEAD = "subject,video,onset,offset,type,emotion\n"


@pytest.fixture
def unseen(tmp_path):
    """A person's folder with a video as pictures that are counted from 101, and a true onset."""
    clip = mertk.load_dataset(UNSEEN)[0]
    folder = tmp_path / "unseen" / "p1" / "v1"
    folder.mkdir(parents=True)
    for at, picture in enumerate(clip.footage.frames):
        cv2.imwrite(str(folder / f"img{at + 101:05}.png"), picture[..., ::-1])
    return folder.parents[1], clip.footage.onset + 101


def rows(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_spotter_that_learns_from_another_set_spots_in_videos_without_annotations(
    unseen, run, tmp_path
):
    folder, onset = unseen
    out = tmp_path / "out"
    given = [
        *("spot", "--spotter", "flow_windows", "--dataset", "videos:fps=30", "--json"),
        *("--data", f"videos={folder}", "--fit-on", LEARNT_FROM, "--out", out),
    ]
    code, text, err = run(*given)
    assert code == 0, err
    found = json.loads(text)
    assert not found["annotated"]
    assert found["fit_on"].startswith("synthetic_long:")
    (spotter,) = found["spotters"]
    assert spotter["scores"] == {}
    assert not (out / "truth.csv").exists()
    spots = rows(out / "spots-flow_windows.csv")
    assert len(spots) == spotter["spots"]
    assert {(row["subject"], row["video"]) for row in spots} == {("p1", "v1")}
    assert any(abs(int(row["onset"]) - onset) <= 8 for row in spots)  # in the pictures' numbers
    code, text, _ = run(*(one for one in given if one != "--json"))
    assert code == 0
    assert (
        "videos:fps=30: 1 video, 0.3 minutes, without annotations: nothing is scored"
        in " ".join(text.split())
    )
    assert "F1" not in text


def test_a_spotter_that_learns_needs_a_set_to_learn_from(unseen, run, tmp_path):
    given = ["--dataset", "videos:fps=30", "--data", unseen[0], "--out", tmp_path / "out"]
    code, _, err = run("spot", "--spotter", "flow_windows", *given)
    assert code == 2
    assert "these have no annotations; give a data set to learn from: --fit-on" in err


def test_pictures_need_a_frame_rate_and_folders_need_videos(unseen, run, tmp_path):
    out = tmp_path / "out"
    code, _, err = run(
        *("spot", "--spotter", "flow_peaks", "--dataset", "videos"),
        *("--data", unseen[0], "--out", out),
    )
    assert code == 2
    assert "give it in Hz: --dataset videos:fps=200" in err
    (tmp_path / "empty").mkdir()
    with pytest.raises(mertk.DataError, match="holds no video"):
        mertk.load_dataset("videos", tmp_path / "empty")


def test_spot_then_recognise_is_submitted_with_coarse_classes_and_without_macro_expressions(
    run, tmp_path
):
    spots = tmp_path / "spots.csv"
    spots.write_text(
        HEAD + "006,006_1,10,30,me,happiness\n006,006_1,50,80,mae,\n7,7_1,5,9,me,surprise"
    )
    code, text, err = run("submit", "megc2025-str", "--samm", spots, "--out", tmp_path / "sent")
    assert code == 0, err
    assert "1 macro-expression left out" in text
    sent = tmp_path / "sent" / "samm_pred.csv"
    assert sent.read_text() == (
        "subject,video,onset,offset,emotion\n006,006_1,10,30,positive\n7,7_1,5,9,surprise\n"
    )
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "subject,video,onset,offset,emotion\n006,006_1,12,30,positive\n7,7_1,5,9,negative\n"
    )
    code, text, err = run("score", sent, "--spotting", truth, "--json")
    assert code == 0, err
    assert json.loads(text)["rules"]["one_to_one"]["overall"]["matches"] == 2


def test_spotting_alone_is_submitted_with_types(run, tmp_path):
    spots = tmp_path / "spots.csv"
    spots.write_text(HEAD + "006,006_1,10,30,me,\n006,006_1,50,80,mae,\n")
    code, _, err = run("submit", "megc2023-spotting", "--cas", spots, "--out", tmp_path / "sent")
    assert code == 0, err
    assert (tmp_path / "sent" / "cas_pred.csv").read_text() == (
        "vid,pred_onset,pred_offset,type\n006_1,10,30,me\n006_1,50,80,mae\n"
    )


@pytest.mark.parametrize(
    ("challenge", "table", "says"),
    [
        ("megc2025-str", "a,v,1,5,me,", "v 1 … 5 has no emotion"),
        ("megc2025-str", "a,v,1,5,me,others", "has the emotion 'others'"),
        ("megc2025-str", "a,v,1,5,me,fear\na,v,4,9,me,fear", "v 4 … 9 overlaps with 1 … 5"),
        ("megc2025-str", "a,v,-1,5,me,fear", "begins before the video"),
        ("megc2025", "a,v,1,5,me,fear", "Did you mean 'megc2025-str'"),
    ],
)
def test_what_a_challenge_would_refuse_is_refused(run, tmp_path, challenge, table, says):
    spots = tmp_path / "spots.csv"
    spots.write_text(HEAD + table)
    code, _, err = run("submit", challenge, "--samm", spots, "--out", tmp_path / "sent")
    assert code == 2
    assert says in err
    assert not (tmp_path / "sent").exists()
