import os
import pickle

import cv2
import numpy as np
import pytest
from casme2_tree import write_frames

import mertk
from mertk import datasets
from mertk_plugins.datasets.folder import Folder

HEAD = "subject,clip,path,label"


def table(root, *lines, head=HEAD):
    (root / "index.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return root


def read(root, **params):
    return list(Folder(**params).index(root))


def problems(root):
    with pytest.raises(mertk.DataError) as caught:
        read(root)
    return str(caught.value)


@pytest.fixture
def root(tmp_path):
    write_frames(tmp_path / "a1", range(5, 15), prefix="frame_")
    write_frames(tmp_path / "b1", [1, 2])
    return tmp_path


@pytest.fixture
def flow(tmp_path):
    return np.random.default_rng(0).normal(size=(6, 8, 3)).astype(np.float32)


def values(clip):
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("folder", fps=60)), Folder)


def test_a_row_is_a_clip_of_all_its_frames(root):
    clip = read(table(root, "anna,a1,a1,joy", "bert,b1,b1,anger"))[0]
    assert clip.uid == "folder/anna/a1"
    assert clip.person == "folder/anna"
    assert values(clip) == list(range(5, 15))
    assert (clip.footage.onset, clip.footage.apex, clip.footage.offset) == (0, None, 9)
    assert clip.record["label"] == "joy"
    assert clip.record["uid"] == clip.uid


def test_a_clip_of_one_frame_is_read_on_request(root):
    said = problems(table(root, "bert,b1,b1/img1.jpg,anger"))
    assert "row 2, column 'path': one frame; an expression is a change between frames" in said
    assert "folder:stills=true" in said
    (clip,) = read(root, stills=True)
    assert (values(clip), clip.footage.offset) == ([1], 0)


def test_timing_counts_positions_from_zero(root):
    head = HEAD + ",onset,apex,offset,fps"
    clip = read(table(root, "anna,a1,a1,joy,2,4,6,30", head=head))[0]
    assert values(clip) == [7, 8, 9, 10, 11]
    assert (clip.footage.onset, clip.footage.apex, clip.footage.offset) == (0, 2, 4)
    assert clip.footage.fps == 30
    assert (clip.record["onset"], clip.record["apex"], clip.record["offset"]) == (2, 4, 6)


def test_empty_timing_cells_take_the_default(root):
    head = HEAD + ",onset,apex,offset,fps"
    footage = read(table(root, "anna,a1,a1,joy,3,,,", head=head), fps=90)[0].footage
    assert (len(footage.frames), footage.apex, footage.fps) == (7, None, 90)


def test_the_csv_itself_may_be_the_root(root):
    table(root, "bert,b1,b1,anger").joinpath("index.csv").rename(root / "mine.csv")
    assert len(read(root / "mine.csv")) == 1


def test_other_columns_are_kept_and_can_be_labels(root):
    head = "Subject;Clip;Path;Label;My Mood;emotion"
    clip = read(table(root, "anna;a1;a1;joy;calm;fear", head=head))[0]
    assert clip.record["My Mood"] == "calm"
    assert clip.record["emotion"] == "fear"
    protocol = mertk.load_plugins().registry.build("protocol", mertk.Use("loso", column="My Mood"))
    assert protocol.label(clip) == "calm"


def test_people_of_two_data_sets_are_two(root):
    head = HEAD + ",dataset"
    clips = read(table(root, "s1,c,a1,joy,one", "s1,c,b1,joy,two", head=head))
    assert [clip.person for clip in clips] == ["one/s1", "two/s1"]


def test_subjects_stay_as_they_are_written(root):
    assert [c.subject for c in read(table(root, "007,c,a1,x", "8,c,b1,y"))] == ["007", "8"]


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("S1", "s01"), ("sub 1", "Sub_1")])
def test_one_person_in_two_spellings_is_refused_with_both_rows(root, one, other):
    said = problems(table(root, f"{one},c,a1,x", f"{other},c,b1,y", "9,c,a1,x"))
    assert f"row 3, column 'subject': 'folder/{other}' and 'folder/{one}' in row 2 differ" in said


def test_a_data_set_in_two_spellings_makes_one_person_two(root):
    head = "subject,clip,path,label,dataset"
    said = problems(table(root, "1,c,a1,x,mine", "1,d,b1,y,MINE", head=head))
    assert "'MINE/1' and 'mine/1' in row 2 differ in spelling alone" in said
    clips = read(table(root, "1,c,a1,x,smic", "1,d,b1,y,SMIC", head=head))
    assert {clip.person for clip in clips} == {"smic/1"}


def test_people_of_two_data_sets_may_have_similar_names(root):
    head = "subject,clip,path,label,dataset"
    clips = read(table(root, "s1,c,a1,x,smic", "S01,c,b1,y,casme2", head=head))
    assert len({clip.person for clip in clips}) == 2


def test_a_video_is_cut_and_gives_its_frame_rate(root):
    writer = cv2.VideoWriter(str(root / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (64, 48))
    for value in range(0, 240, 10):
        writer.write(np.full((48, 64, 3), value, np.uint8))
    writer.release()
    head = HEAD + ",onset,offset"
    clip = read(table(root, "anna,v,v.avi,joy,3,7", head=head))[0]
    assert [round(float(f.mean()) / 10) for f in clip.footage.frames] == [3, 4, 5, 6, 7]
    assert clip.footage.fps == 25
    assert "offset" in problems(table(root, "anna,v,v.avi,joy,3,24", head=head))


def test_an_array_of_frames_is_cut(root):
    frames = np.arange(10, dtype=np.uint8)[:, None, None].repeat(6, 1).repeat(8, 2)
    np.save(root / "grey.npy", frames)
    clip = read(table(root, "anna,v,grey.npy,joy,3,7", head=HEAD + ",onset,offset"))[0]
    assert clip.footage.frames.shape == (5, 6, 8, 3)
    assert clip.footage.frames[0].max() == 3


def test_a_flow_map_may_stand_without_frames(root, flow):
    np.save(root / "f.npy", flow)
    clip = read(table(root, "anna,a,,joy,f.npy,4", head=HEAD + ",flow,apex"))
    assert np.array_equal(clip[0].footage.flow, flow)
    assert len(clip[0].footage.frames) == 0
    clip = read(table(root, "anna,a,joy,f.npy", head="subject,clip,label,flow"))[0]
    assert clip.footage.flow.shape == (6, 8, 3)
    both = read(table(root, "anna,a,a1,joy,f.npy", head=HEAD + ",flow"))[0]
    assert len(both.footage.frames) == 10
    assert both.footage.flow is not None


def test_clips_travel_between_processes(root):
    clip = pickle.loads(pickle.dumps(read(table(root, "anna,a1,a1,joy"))[0]))  # noqa: S301
    assert values(clip) == list(range(5, 15))


def test_a_fingerprint_changes_with_frames_and_timing(root):
    head = HEAD + ",apex"
    first = read(table(root, "anna,a1,a1,joy,2", head=head))[0].fingerprint
    assert first == read(root)[0].fingerprint
    assert first != read(table(root, "anna,a1,a1,joy,3", head=head))[0].fingerprint
    assert first == read(table(root, "anna,a1,a1,fear,2", head=head))[0].fingerprint
    (root / "a1/frame_7.jpg").unlink()
    assert first != read(root)[0].fingerprint


def test_checking_decodes_no_picture(root, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", None)
    assert len(read(table(root, "anna,a1,a1,joy"))) == 1


def test_every_problem_is_listed_with_its_cell(root, flow):
    flow[0, 0, 0] = np.nan
    np.save(root / "nan.npy", flow)
    (root / "empty").mkdir()
    (root / "text.txt").touch()
    text = problems(
        table(
            root,
            "anna,ok,a1,joy,,,,,",
            "anna,c2,a1,,,,,,",
            ",c3,a1,joy,,,,,",
            "anna,c4,nowhere,joy,,,,,",
            "anna,c5,a1,joy,5,,3,,",
            "anna,c6,a1,joy,2,9,5,,",
            "anna,c7,a1,joy,x,,,,",
            "anna,ok,b1,joy,,,,,",
            "anna,c9,,joy,,,,,nan.npy",
            "anna,c10,empty,joy,,,,0,",
            head=HEAD + ",onset,apex,offset,fps,flow",
        )
    )
    assert f"10 problems in {root / 'index.csv'}" in text
    for part in (
        "row 3, column 'label': the cell is empty",
        "row 4, column 'subject': the cell is empty",
        f"row 5, column 'path': {root / 'nowhere'} does not exist",
        "row 6, column 'onset': onset 5 lies after offset 3",
        "row 7, column 'apex': apex 9 lies outside onset 2 … offset 5",
        "row 8, column 'onset': 'x' is not a whole number",
        "row 9, column 'clip': 'ok' of 'anna' is already in row 2",
        f"row 10, column 'flow': {root / 'nan.npy'}: 1 of 144 flow values are NaN",
        f"row 11, column 'path': {root / 'empty'} holds no pictures",
        "row 11, column 'fps': '0' is not a frame rate",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("anna,a1,,joy,,", "column 'path': the cell is empty, and neither flow nor features"),
        ("anna,a1,index.csv,joy,,", "is no folder of frames, picture, video"),
        ("anna,a1,a1,joy,10,", "column 'onset': 10 does not fit 10 frames"),
        ("anna,a1,a1,joy,-1,", "column 'onset': -1 does not fit"),
        ("anna,a1,a1,joy,,10", "column 'offset': 10 does not fit 10 frames"),
        ("anna,a1,a1,joy,1.5,", "column 'onset': '1.5' is not a whole number"),
        ("an/na,a1,a1,joy,,", "column 'subject': 'an/na' holds a '/'"),
    ],
)
def test_a_problem_names_its_cell(root, line, text):
    found = problems(table(root, line, head=HEAD + ",onset,offset"))
    assert f"row 2, {text}" in found or f"row 2, column 'path': {root}" in found
    assert text in found


def test_more_than_ten_problems_are_counted(root):
    text = problems(table(root, *(f"anna,c{n},nowhere{n},joy" for n in range(25))))
    assert "25 problems" in text
    assert text.count("does not exist") == 10
    assert "and 15 more" in text


def test_missing_columns_are_named_together(root):
    text = problems(table(root, "a,b", head="subject,path"))
    assert "row 1: missing column clip, label. Columns: subject, path" in text


def test_a_table_without_rows_is_named(root):
    assert "a header but no rows" in problems(table(root))
    (root / "index.csv").write_text("")
    assert "the table is empty" in problems(root)


def test_a_missing_table_is_told_what_belongs_there(tmp_path):
    text = problems(tmp_path)
    assert f"there is no {tmp_path / 'index.csv'}" in text
    assert "columns subject, clip, path" in text
    assert "--data folder=FOLDER" in problems(None)


def test_a_frame_rate_must_be_positive():
    with pytest.raises(ValueError, match="fps"):
        Folder(fps=0)


WRITTEN = "subject,clip,path,label,dataset,uid"


def test_a_uid_names_the_clip(root):
    head = HEAD + ",dataset,uid"
    lines = ("s1,EP1,a1,joy,casme2,casme2/s1/EP1/46", "s1,EP1,b1,joy,casme2,casme2/s1/EP1/90")
    clips = read(table(root, *lines, head=head))
    assert [clip.uid for clip in clips] == ["casme2/s1/EP1/46", "casme2/s1/EP1/90"]
    assert [clip.record["uid"] for clip in clips] == [clip.uid for clip in clips]
    assert [clip.record["clip"] for clip in clips] == ["EP1", "EP1"]


def test_a_written_record_is_read_back_with_its_types(root):
    record = datasets.record.Record(
        uid="d/s1/c", dataset="d", subject="s1", subject_native="1", clip="c", label="joy",
        onset=46, apex=None, offset=55, fps=100.0, emotion="happiness", emotion_raw="Happy",
        emotions=("joy", "surprise"), aus=(datasets.action_units.AU(12, side="L"),), au_set=(12,),
        au_known=True, objective_class=1, expression_type="", synthetic=True, quirks=("q",),
        extra={"Mood": "calm"},
    ).to_dict()  # fmt: skip
    cells = datasets.record.to_text(record) | {
        "path": "a1",
        "onset": "0",
        "apex": "",
        "offset": "9",
    }
    clip = read(table(root, *_csv([cells]), head=",".join(cells)))[0]
    changed = {"onset": 0, "offset": 9, "root_kind": "frames", "frames_dir": "a1", "n_files": 10}
    assert clip.record == record | changed


def _csv(rows):
    return [",".join('"' + str(v).replace('"', '""') + '"' for v in row.values()) for row in rows]


def test_without_a_uid_columns_stay_the_text_that_they_are(root):
    clip = read(table(root, "anna,a1,a1,joy,1+2,x", head=HEAD + ",aus,objective_class"))[0]
    assert (clip.record["aus"], clip.record["objective_class"]) == ("1+2", "x")


def test_only_a_written_record_may_lack_a_label(root):
    clip = read(table(root, "s1,c,a1,,d,d/s1/c", head=WRITTEN))[0]
    assert clip.record["label"] == ""
    assert "column 'label': the cell is empty" in problems(table(root, "s1,c,a1,,d,", head=WRITTEN))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["s1,c,a1,x,d,e/s1/c"], "row 2, column 'uid': 'e/s1/c' must be d/s1/ and a name"),
        (["s1,c,a1,x,d,d/s1/"], "row 2, column 'uid': 'd/s1/' must be d/s1/ and a name"),
        (["s1,c,a1,x,,d/s1/c"], "must be folder/s1/ and a name"),
        (["s1,c,a1,x,d,d/s1/k", "s1,e,b1,x,d,d/s1/k"], "row 3, column 'uid': 'd/s1/k' of 's1'"),
    ],
)
def test_a_uid_that_does_not_fit_is_named(root, lines, text):
    assert text in problems(table(root, *lines, head=WRITTEN))


def test_a_cell_that_is_not_of_its_type_is_named(root):
    lines = ["s1,c,a1,x,d,d/s1/c,many", "s1,e,a1,x,d,d/s1/e,2"]
    text = problems(table(root, *lines, head=WRITTEN + ",objective_class"))
    assert "1 problem " in text
    assert "row 2: column 'objective_class': 'many' cannot be read" in text


def test_landmarks_of_the_onset_frame_are_read(root):
    points = np.arange(136, dtype=np.float64).reshape(68, 2)
    np.save(root / "p.npy", points)
    clip = read(table(root, "anna,a1,a1,joy,p.npy", head=HEAD + ",landmarks"))[0]
    assert clip.footage.landmarks.dtype == np.float32
    assert np.array_equal(clip.footage.landmarks, points)
    before = clip.fingerprint
    np.save(root / "p.npy", points[:5])
    assert "column 'landmarks': " in problems(root)
    assert "expected 68 finite landmarks" in problems(root)
    np.save(root / "p.npy", points.astype(np.float32))
    assert read(root)[0].fingerprint != before


def test_clips_with_alike_files_keep_apart(root, flow):
    for name in ("a", "b"):
        (root / name).mkdir()
        np.save(root / name / "flow.npy", flow)
        os.utime(root / name / "flow.npy", ns=(10**18, 10**18))
    clips = read(table(root, "s,a,,x,a/flow.npy", "s,b,,x,b/flow.npy", head=HEAD + ",flow"))
    assert clips[0].fingerprint != clips[1].fingerprint


OFFICIAL = {  # of MEGC 2019: people, and negative, positive and surprise clips
    "casme2": (24, (88, 32, 25)),
    "samm": (28, (92, 26, 15)),
    "smic": (16, (70, 51, 43)),
}


def test_the_442_clips_of_megc_with_flow_maps_alone_have_scores_by_database(tmp_path):
    np.save(tmp_path / "flow.npy", np.zeros((4, 4, 3), np.float32))
    lines = []
    for name, (people, counts) in OFFICIAL.items():
        words = np.repeat(["negative", "positive", "surprise"], counts)
        for at, word in enumerate(words):
            lines.append(f"{name},s{at % people:02d},c{at},flow.npy,{word}")
    table(tmp_path, *lines, head="dataset,subject,clip,flow,emotion")
    results = mertk.bench(
        "majority", dataset="folder", data=tmp_path, protocol="megc2019", out=tmp_path / "runs",
        cache=tmp_path / "cache", floors=False, allow_mismatch=True, seeds=[0],
    )  # fmt: skip
    (difference,) = results.published["differences"]
    assert difference.startswith("as many clips as published, but not the same")
    parts = results.parts().set_index("part")
    assert parts["clips"].to_dict() == {"casme2": 145, "samm": 133, "smic": 164}
    assert parts["subjects"].to_dict() == {"casme2": 24, "samm": 28, "smic": 16}
    for name, (_, counts) in OFFICIAL.items():  # all are called negative: 2n / (2n + others) of 3
        f1 = 2 * counts[0] / (counts[0] + sum(counts))
        assert parts.loc[name, "UF1"] == pytest.approx(f1 / 3)
    assert results.table().loc[0, "UF1"] == pytest.approx(2 * 250 / (250 + 442) / 3)
