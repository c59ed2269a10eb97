"""Tables and files as people bring them to the data set `folder`."""

import logging

import cv2
import numpy as np
import pytest
from casme2_tree import write_frames

import mertk
from mertk import datasets
from mertk_plugins.datasets.folder import Folder

REGISTRY = mertk.load_plugins().registry
HEAD = "subject,clip,path,label"


def table(root, *lines, head=HEAD):
    (root / "index.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return root


def read(root, **params):
    return list(Folder(**params).index(root))


def problems(root, **params):
    with pytest.raises(mertk.DataError) as caught:
        read(root, **params)
    return str(caught.value)


@pytest.fixture
def root(tmp_path):
    write_frames(tmp_path / "a1", range(5, 15), prefix="frame_")
    write_frames(tmp_path / "b1", range(1, 11))
    return tmp_path


@pytest.mark.parametrize("head", [
    "Subject,Filename,Path,Estimated Emotion,OnsetFrame,ApexFrame,OffsetFrame,frame_rate",
    "\n,,,,,,,\nsub,clip,folder,Emotion,Onset Frame,apx,Offset_Frame,FPS",
    "participant,video,video path,label,start,peak,end,Hz",
])  # fmt: skip
def test_column_names_of_the_field_are_known(root, head):
    (clip,) = read(table(root, "1,c,a1,Happiness,2,4,8,100", head=head))
    footage = clip.footage
    assert (len(footage.frames), footage.apex, footage.fps) == (7, 2, 100)
    assert (clip.record["emotion"], clip.record["label"]) == ("happiness", "Happiness")
    assert clip.record["apex_raw"] == "4"


def test_the_survey_says_which_column_was_used_for_what(root):
    head = "Subject,Filename,Path,Emotion,OnsetFrame,ofset"
    found = Folder().survey(table(root, "1,c,a1,joy,2,8", head=head))
    used, hint = found.assumed
    assert "subject from 'Subject', clip from 'Filename'" in used
    assert "onset from 'OnsetFrame'" in used
    assert hint == "Column 'ofset' is not read; did you mean 'offset'?"


def test_a_nearly_known_name_is_a_warning(root, caplog):
    with caplog.at_level(logging.WARNING):
        read(table(root, "1,c,a1,joy,8", head=f"{HEAD},mood"))
        assert not caplog.records
        read(table(root, "1,c,a1,joy,8", head=f"{HEAD},apexes"))
    assert "Column 'apexes' is not read; did you mean 'apex'?" in caplog.text


@pytest.mark.parametrize("nothing", ["/", "NaN", "nan", "NA", "n/a", "-", "None", ""])
def test_words_for_no_apex_are_none(root, nothing):
    (clip,) = read(table(root, f"1,c,a1,joy,2,{nothing},8", head=f"{HEAD},onset,apex,offset"))
    assert (clip.footage.apex, clip.record["apex_status"]) == (None, "missing")


def test_frames_may_be_counted_from_one_or_by_file_names(root):
    head = f"{HEAD},onset,apex,offset"
    first = "row 2, column 'offset': 10 does not fit 10 frames (0 … 9); if the first frame is 1: "
    assert first + "folder:numbers=from1" in problems(table(root, "1,c,a1,joy,2,4,10", head=head))
    (clip,) = read(root, numbers="from1")
    assert (clip.record["onset"], clip.footage.apex, len(clip.footage.frames)) == (1, 2, 9)
    said = problems(table(root, "1,c,a1,joy,6,8,14", head=head))
    assert "they are numbers in the file names: folder:numbers=names" in said
    (clip,) = read(root, numbers="names")
    assert (clip.record["onset"], clip.footage.apex, clip.record["offset"]) == (1, 2, 9)
    said = problems(table(root, "1,c,a1,joy,3,8,14", head=head), numbers="names")
    assert "column 'onset': no frame has the number 3; they are 5 … 14" in said


def test_action_units_are_read_though_a_program_made_them_formulas(root):
    head = f"{HEAD},Action Units"
    (clip,) = read(table(root, "1,c,a1,disgust,=4+7", head=head))
    assert (clip.record["au_set"], clip.record["au_known"]) == ((4, 7), True)
    assert clip.record["Action Units"] == "=4+7"
    assert "AU coding 'blue'" in problems(table(root, "1,c,a1,disgust,blue", head=head))


def test_official_labels_of_a_composite_set_are_taken_by_its_protocol(root):
    head = f"{HEAD},database"
    lines = (
        "sub01,EP02_01f,a1,positive,casme2",
        "6,006_1_2,b1,Anger,samm",
        "s1,x,a1,surprise,smic",
    )
    clips = read(table(root, *lines, head=head))
    protocol = REGISTRY.build("protocol", mertk.Use("megc2019"))
    assert list(map(protocol.label, clips)) == ["positive", "negative", "surprise"]
    assert [clip.dataset for clip in clips] == ["casme2", "samm", "smic"]


def test_deep_pictures_are_read_by_the_bits_that_are_given(root):
    folder = root / "deep"
    folder.mkdir()
    for at in range(3):
        ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64) // (at + 1)
        cv2.imwrite(str(folder / f"img{at}.png"), ramp)
    assert "brightest value is 4095" in problems(table(root, "1,c,deep,joy"))
    (clip,) = read(root, bits=12)
    (of_column,) = read(table(root, "1,c,deep,joy,12", head=f"{HEAD},bits"))
    for found in (clip, of_column):
        assert found.footage.frames[0].max() == 255
        assert found.footage.frames[2].max() == 4095 // 3 >> 4
    (other,) = read(table(root, "1,c,deep,joy,14", head=f"{HEAD},bits"))
    assert other.fingerprint != of_column.fingerprint
    assert "'99' is no number of bits" in problems(
        table(root, "1,c,deep,joy,99", head=f"{HEAD},bits")
    )


def test_the_tree_of_published_networks_is_read(tmp_path, caplog):
    tree = tmp_path / "norm_u_v_os"
    rng = np.random.default_rng(0)
    for subject, label in (("sub01", 0), ("sub01", 2), ("s3", 1)):
        for part, fold in (("u_test", subject), ("u_train", "other")):
            place = tree / fold / part / str(label)
            place.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place / f"{subject}_{label}.png"), rng.integers(0, 255, (28, 28, 3)))
    with caplog.at_level(logging.WARNING):
        clips = read(tmp_path)
    assert [(clip.subject, clip.name, clip.record["label"]) for clip in clips] == [
        ("s3", "s3_1", "positive"),
        ("sub01", "sub01_0", "negative"),
        ("sub01", "sub01_2", "surprise"),
    ]
    assert clips[0].footage.flow.shape == (28, 28, 3)
    assert 0.9 < clips[0].footage.flow.max() <= 1
    assert "sign and size of the motion are lost" in caplog.text


def test_a_drawn_flow_map_has_red_for_u(root):
    cv2.imwrite(str(root / "f.png"), np.full((8, 8, 3), (51, 102, 255), np.uint8))
    (clip,) = read(table(root, "1,c,,joy,f.png", head=f"{HEAD},flow"))
    np.testing.assert_allclose(clip.footage.flow[3, 3], (1, 0.4, 0.2))


def test_pickles_are_refused_without_the_advice_to_run_them(root):
    np.save(root / "x.npy", np.array([{"a": 1}], object), allow_pickle=True)
    said = problems(table(root, "1,c,x.npy,joy"))
    assert "holds Python objects or is no .npy file" in said
    assert "allow_pickle" not in said


OPENFACE = " AU01_r, AU12_r, AU12_c, x_0, y_0, X_0, gaze_angle_x, pose_Rx, p_rz"


def openface(file, count):
    lines = [f"frame, face_id, timestamp, confidence, success,{OPENFACE}"]
    lines += [
        f"{at + 1}, 0, {at / 30:.3f}, 0.98, 1, {at}, 2, 1, 3, 4, 9, 5, 6, 7" for at in range(count)
    ]
    file.write_text("\n".join(lines) + "\n")


def test_tables_of_openface_become_streams_of_the_expression(root):
    openface(root / "of.csv", 10)
    head = f"{HEAD},onset,offset,features"
    (clip,) = read(table(root, "1,c,a1,joy,2,6,of.csv", head=head))
    found = clip.footage.features
    assert {name: array.shape for name, array in found.items()} == {
        "au": (1, 5, 2),
        "au_presence": (1, 5, 1),
        "landmarks": (1, 5, 2),
        "gaze": (1, 5, 1),
        "pose": (1, 5, 1),
    }
    np.testing.assert_array_equal(found["au"][0, :, 0], [2, 3, 4, 5, 6])
    np.testing.assert_array_equal(found["landmarks"][0, 0], [3, 4])  # x_0, y_0 and not X_0


def test_features_may_stand_without_frames_and_reach_a_classifier(root):
    head = "subject,clip,label,features.face,features.voice"
    rng = np.random.default_rng(0)
    lines = []
    for subject in range(4):
        for clip, label in enumerate(("joy", "fear", "joy", "fear")):
            name = f"{subject}{clip}"
            level = 3.0 * (label == "joy")
            np.save(root / f"{name}.npy", rng.normal(level, 1, (8 + clip, 4)))
            np.save(root / f"v{name}.npy", rng.normal(size=3))
            lines.append(f"s{subject},{name},{label},{name}.npy,v{name}.npy")
    clips = read(table(root, *lines, head=head))
    assert {n: a.shape for n, a in clips[0].footage.features.items()} == {
        "face": (1, 8, 4),
        "voice": (1, 3),
    }
    recipe = REGISTRY.recipe("flow_svm")
    for place, use in (("aligner", "none"), ("roi", "whole"), ("extractor", "precomputed")):
        recipe = recipe.swap(place, mertk.Use(use))
    results = mertk.bench(
        [recipe.swap("extractor", mertk.Use("precomputed", streams="face"))],
        dataset="folder",
        data={"folder": root},
        out=root / "runs",
        floors=False,
        jobs=1,
        seeds=[0],
    )
    (outcome,) = results.outcomes
    table_of = outcome.run.predictions()
    assert (table_of["truth"] == table_of["predicted"]).mean() > 0.9


@pytest.mark.parametrize(("content", "said"), [
    ("frame,AU01\n1,0.5\n1,0.7\n", "frame 1 has two rows, of several faces"),
    ("frame,AU01\n1,\n2,0.7\n", "1 of 2 values of 'au' are NaN"),
    ("frame,AU01\n1,red\n2,0.7\n", "column 'AU01': 'red' is no number"),
    ("frame,AU01\n1,1\n2,0.7\n", "other numbers of frames: path 10, features 2"),
])  # fmt: skip
def test_bad_features_are_named(root, content, said):
    (root / "f.csv").write_text(content)
    assert said in problems(table(root, "1,c,a1,joy,f.csv", head=f"{HEAD},features"))


def test_streams_that_are_asked_for_are_given_in_one_length():
    extractor = REGISTRY.build("extractor", mertk.Use("precomputed", streams="au"))
    au = np.arange(12, dtype=np.float32).reshape(1, 6, 2)
    footage = mertk.Footage(
        frames=datasets.media.frames.of_files([]), onset=0, offset=5, features={"au": au, "x": au}
    )
    found = extractor.extract(footage.faces(), None)
    assert set(found) == {"au"}
    np.testing.assert_allclose(found["au"][0, :, 0], [5, np.std([0, 2, 4, 6, 8, 10]), 0, 10])
    kept = REGISTRY.build("extractor", mertk.Use("precomputed", time="keep"))
    np.testing.assert_array_equal(kept.extract(footage.faces(), None)["x"], au)
    lost = REGISTRY.build("extractor", mertk.Use("precomputed", streams="gaze"))
    with pytest.raises(mertk.DataError, match="no stream 'gaze'. This clip brings: au, x"):
        lost.extract(footage.faces(), None)
