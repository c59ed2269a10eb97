import csv
import json
from dataclasses import replace

import pytest
from casme2_tree import (
    ROWS,
    Row,
    edition_rows,
    picture_bytes,
    with_row,
    write_casme2,
    write_sheet,
    write_tree,
)

import mertk
from mertk import datasets
from mertk.cli import main
from mertk.core import clip_lists
from mertk.datasets import editions, validation
from mertk.datasets.record import FIELDS, from_text
from mertk.report import dataset_health
from mertk_plugins.datasets.casme2 import CASME2

NEW = "CASME2-coding-20190701.xlsx"


@pytest.fixture
def root(tmp_path):
    return write_casme2(tmp_path / "CASME II")


def diagnosed(root, frames="key", **protocols):
    return validation.examine_dataset(CASME2().survey(root), protocols, frames=frames)


def topics(found, level):
    return {finding.topic: finding for finding in found.findings if finding.level == level}


def test_counts_stand_beside_those_of_the_nearest_edition(root):
    counts = {count.what: count for count in diagnosed(root).counts}
    assert (counts["expressions"].expected, counts["expressions"].found) == (255, 4)
    assert (counts["people"].expected, counts["people"].found) == (26, 2)
    assert counts["happiness"].wrong


@pytest.mark.usefixtures("made_up_content")
def test_annotations_alone_of_a_published_edition_are_healthy(tmp_path):
    write_sheet(tmp_path / NEW, edition_rows("20190701"))
    found = diagnosed(tmp_path)
    assert (found.edition, found.clips, found.with_frames) == ("20190701", 255, 0)
    assert found.healthy
    assert "no frames were checked" in topics(found, "note")["annotations alone"].text


def test_one_row_less_is_not_healthy(tmp_path):
    write_sheet(tmp_path / NEW, content()[1:])
    found = diagnosed(tmp_path)
    assert not found.healthy
    (problem,) = found.problems
    assert problem.topic == "unknown edition"
    assert problem.text.endswith("nearest is 20190701, 254 of 255 rows: others 98 of 99")


def test_clips_without_frames_are_errors_with_their_reason(root):
    write_sheet(root / NEW, [*ROWS, Row("03", "EP01_1")])
    finding = topics(diagnosed(root), "error")["without frames"]
    assert finding.clip == "casme2/sub03/EP01_1/8"
    assert "no folder in" in finding.text


def test_missing_frames_and_spare_folders_are_told(root):
    tree = root / "CASME2_RAW_selected"
    (tree / "sub01/EP02_01f/img9.jpg").unlink()
    spare = tree / "sub09/EP02_02f"
    spare.mkdir(parents=True)
    (spare / "img1.jpg").write_bytes(picture_bytes(1))
    found = diagnosed(root)
    missing = topics(found, "error")["frames missing"]
    assert (missing.clip, missing.fix) == ("casme2/sub01/EP02_01f/8", "restore the files")
    assert missing.text.startswith("frames between onset and offset are missing: 1, the first is 9")
    kept = validation.examine_dataset(CASME2(missing="keep").survey(root), {})
    assert topics(kept, "error")["frames missing"].text == "missing frames: 9"
    assert topics(found, "note")["folder without a row"].text == "sub09/EP02_02f"


@pytest.mark.parametrize(("frames", "known"), [("none", False), ("key", False), ("all", True)])
def test_damaged_frames_are_found_where_they_are_decoded(root, frames, known):
    file = root / "CASME2_RAW_selected/sub01/EP02_01f/img9.jpg"  # neither onset, apex nor offset
    file.write_bytes(file.read_bytes()[:-40])
    assert ("unreadable frame" in topics(diagnosed(root, frames), "error")) == known


def test_a_damaged_onset_is_found_at_once(root):
    file = root / "CASME2_RAW_selected/sub01/EP02_01f/img8.jpg"
    file.write_bytes(b"")
    assert "img8.jpg" in topics(diagnosed(root), "error")["unreadable frame"].text


def test_an_apex_outside_and_a_long_expression_are_notes(root):
    rows = with_row(with_row(ROWS, 0, apex=99), 1, onset=3, offset=203)
    write_sheet(root / NEW, rows)
    notes = topics(diagnosed(root), "note")
    assert notes["apex outside"].text == "apex 99, onset 8, offset 12"
    assert notes["longer than half a second"].text == "1005 ms"


def test_repairs_are_told_with_their_evidence(tmp_path):
    write_sheet(tmp_path / NEW, [Row("04", "EP12_01f", 261, "/", 321)])
    notes = topics(diagnosed(tmp_path), "note")
    assert "not in MEGC2019" in notes["apex_missing"].text


def test_a_protocol_is_compared_with_its_published_list(root):
    class Rules:
        manifests = (
            clip_lists.Manifest(counts={"casme2": {"happiness": 2}}, edition="two"),
            clip_lists.Manifest(counts={"casme2": {"happiness": 1}}, edition="one"),
        )

        def label(self, clip):
            return clip.record["emotion"] if clip.record["emotion"] == "happiness" else None

    rules = Rules()
    (good,) = diagnosed(root, mine=rules).protocols
    assert (good.edition, good.expected, good.found, good.differences) == ("one", 1, 1, ())
    rules.manifests = rules.manifests[:1]
    (bad,) = diagnosed(root, mine=rules).protocols
    assert bad.differences == (
        "casme2: 1 clips, published 2", "casme2: 1 happiness, published 2",
    )  # fmt: skip


def test_a_protocol_whose_labels_are_elsewhere_is_a_note_and_no_mistake(root):

    class Rules:
        manifests = (clip_lists.Manifest(counts={"casme2": {"I": 1}}),)

        def label(self, clip):
            raise mertk.ProtocolError("put the file into the folder")

    found = diagnosed(root, mine=Rules())
    assert found.protocols == ()
    note = topics(found, "note")["protocol without its labels"]
    assert note.text == "mine: put the file into the folder"


def test_a_synthetic_folder_is_not_held_against_published_counts(root):
    (root / "SYNTHETIC.txt").write_text("made")
    found = diagnosed(root)
    assert found.healthy
    assert "synthetic" in topics(found, "note")


# Editions by their content


def hashed(monkeypatch, rows):
    """The editions of CASME II, with the hashes of these rows."""
    cells = [
        editions.Cells(f"sub{r.subject}", r.subject, r.clip, *map(str, (r.onset, r.apex, r.offset)),
                       r.emotion)
        for r in rows
    ]  # fmt: skip
    known = []
    for one in CASME2.editions[:2]:
        whole = replace(one, timing=editions.hash_timing(cells))
        known.append(replace(whole, label_list=whole.hash_labels("casme2", cells)))
    monkeypatch.setattr(CASME2, "editions", (*known, *CASME2.editions[2:]))


def content(edition="20190701"):
    """The rows of an edition, each with frames of its own, and the known ones as published."""
    apexes = {("04", "EP12_01f"): "/", ("05", "EP09_05f"): 69}
    rows = []
    for at, row in enumerate(edition_rows(edition)):
        apex = apexes.get((row.subject, row.clip), 61 + at % 9)
        rows.append(replace(row, onset=60, apex=apex, offset=80 + at % 7))
    return rows


@pytest.mark.parametrize("objective", [True, False])
def test_the_published_content_is_the_edition_with_or_without_its_last_column(
    tmp_path, monkeypatch, objective
):
    hashed(monkeypatch, content())
    write_sheet(tmp_path / NEW, content(), objective=objective)
    found = diagnosed(tmp_path)
    assert (found.edition, found.known_by, found.healthy) == ("20190701", "content", True)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"apex": 70}, "apex 70, published 61"),
        ({"onset": 6}, "onset 6, published 60"),
        ({"offset": 99}, "offset 99, published 82"),
    ],
)
def test_an_edited_cell_is_named_with_the_published_value(tmp_path, monkeypatch, changes, text):
    hashed(monkeypatch, content())
    at = 9
    write_sheet(tmp_path / NEW, with_row(content(), at, **changes))
    found = diagnosed(tmp_path)
    (problem,) = found.problems
    assert found.edition == "20190701, edited"
    assert (problem.clip, problem.text) == ("sub10/EP50_009", text)
    assert problem.fix == "take the published file of 20190701"


def test_a_known_value_is_named_beside_edits_that_cannot_be_told(tmp_path, monkeypatch):
    hashed(monkeypatch, content())
    rows = [replace(row, onset=59) if row.emotion == "others" else row for row in content()]
    at = next(n for n, row in enumerate(rows) if row.clip == "EP12_01f")
    write_sheet(tmp_path / NEW, with_row(rows, at, apex=279))
    (problem,) = diagnosed(tmp_path).problems
    assert (problem.clip, problem.text) == ("sub04/EP12_01f", "apex 279, published /")


def test_exchanged_emotions_are_named(tmp_path, monkeypatch):
    hashed(monkeypatch, content())
    rows = content()
    one, other = 3, 120
    swapped = with_row(rows, one, emotion=rows[other].emotion)
    write_sheet(tmp_path / NEW, with_row(swapped, other, emotion=rows[one].emotion))
    texts = sorted(finding.text for finding in diagnosed(tmp_path).problems)
    assert texts == ["label disgust, published others", "label others, published disgust"]


def test_one_missing_row_is_one_problem_that_names_the_clip(tmp_path, monkeypatch):
    hashed(monkeypatch, content())
    rows = content()
    write_casme2(tmp_path, [row for row in rows if row.clip != "EP09_05f"])
    write_tree(tmp_path / "CASME2_RAW_selected", [row for row in rows if row.clip == "EP09_05f"])
    (problem,) = diagnosed(tmp_path, frames="none").problems
    assert problem.clip == "sub05/EP09_05f"
    assert problem.text == "its row (disgust) is missing: 254 of 255 rows"


def test_a_misspelt_emotion_is_named_with_its_row(tmp_path):
    rows = edition_rows("20190701")
    at = next(n for n, row in enumerate(rows) if row.emotion == "surprise")
    write_sheet(tmp_path / NEW, with_row(rows, at, emotion="suprise"))
    (problem,) = diagnosed(tmp_path).problems
    assert (problem.text, problem.fix) == (f"row {at + 2}: emotion 'suprise'", "write surprise")


def test_missing_subjects_are_named(tmp_path):
    write_sheet(tmp_path / NEW, [r for r in edition_rows("20190701") if r.subject not in "05 11"])
    assert topics(diagnosed(tmp_path), "error")["subjects missing"].text == "sub05, sub11"


def test_known_values_are_named_in_an_incomplete_sheet_too(tmp_path):
    write_sheet(tmp_path / NEW, [*ROWS, Row("04", "EP12_01f", 261, 279, 321)])
    found = topics(diagnosed(tmp_path), "error")
    edited = found["edited copy"]
    assert (edited.clip, edited.text) == ("sub04/EP12_01f", "apex 279, published /")
    assert found["subjects missing"].text.endswith("sub10, sub11 … and 15 more")
    assert ", 5 of 255 rows, 3 of 26 people: " in found["unknown edition"].text


def test_frames_that_were_numbered_anew_are_said_to_be(tmp_path):
    write_sheet(tmp_path / NEW, ROWS)
    write_tree(tmp_path / "CASME2-RAW", [replace(ROWS[0], onset=1, apex=3, offset=5)])
    told = {one.clip: one.text for one in diagnosed(tmp_path).problems}
    assert "numbered anew" in told["casme2/sub01/EP02_01f/8"]
    assert "numbered anew" not in told["casme2/sub01/EP03_02/3"]


def test_the_nearest_edition_is_the_one_with_the_nearest_labels(tmp_path):
    write_sheet(tmp_path / NEW, edition_rows("20140508")[1:])
    counts = {count.what: count for count in diagnosed(tmp_path).counts}
    assert (counts["sadness"].expected, counts["sadness"].wrong) == (7, False)


def test_an_edition_without_known_content_is_known_by_its_counts(tmp_path, monkeypatch):
    plain = [replace(one, timing="", label_list="") for one in CASME2.editions]
    monkeypatch.setattr(CASME2, "editions", plain)
    write_sheet(tmp_path / NEW, edition_rows("20190701"))
    found = diagnosed(tmp_path)
    assert "by its counts alone" in dataset_health.describe_verdict(found)


# Frames that were not recognised


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("frames/a/img1.jpg", "no row of the annotations has a clip folder"),
        ("CASME2_compressed/sub01/EP02_01f.avi", "videos are not read"),
        ("CASME2_RAW_selected.zip", "unpack them"),
        ("CASME2_RAW_selected/sub77/EP99/img1.jpg", "no row of the annotations has a clip folder"),
    ],
)
@pytest.mark.usefixtures("made_up_content")
def test_frames_that_fit_no_row_are_an_error_with_an_example(tmp_path, name, text):
    write_sheet(tmp_path / NEW, edition_rows("20190701"))
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture_bytes(1))
    found = diagnosed(tmp_path)
    (problem,) = found.problems
    assert name in problem.text
    assert text in problem.text
    with pytest.raises(mertk.DataError, match=text):
        CASME2().index(tmp_path)


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"offset": "4o"}, "offset '4o' are not"), ({"onset": 9}, "onset 9 lies after offset 3")],
)
@pytest.mark.parametrize("frames", [True, False])
def test_wrong_timing_is_an_error_with_and_without_frames(tmp_path, changes, text, frames):
    rows = edition_rows("20190701")[:4]
    write_sheet(tmp_path / NEW, with_row(rows, 0, **changes))
    if frames:
        write_tree(tmp_path / "CASME2-RAW", rows)
    (*_, problem) = [one for one in diagnosed(tmp_path).problems if one.topic == "timing"]
    assert (problem.clip, text in problem.text) == (problem.clip, True)
    assert problem.text.startswith("row 2: ")


def test_a_subject_without_any_folder_is_one_finding(tmp_path):
    rows = [*ROWS, Row("03", "EP01_1"), Row("03", "EP01_2")]
    write_casme2(tmp_path, ROWS)
    write_sheet(tmp_path / NEW, rows)
    finding = topics(diagnosed(tmp_path), "error")["without frames"]
    assert (finding.clip, finding.text.startswith("all 2 clips: no folder in")) == ("sub03", True)


def test_unreadable_codings_are_quoted(tmp_path):
    write_sheet(tmp_path / NEW, with_row(ROWS, 0, au="4 und 7"))
    assert topics(diagnosed(tmp_path), "note")["au_unreadable"].text == "'4 und 7'"


# The commands


@pytest.mark.usefixtures("made_up_content")
def test_a_perfect_set_takes_few_lines_and_harmless_things_are_folded(run, tmp_path):
    write_casme2(tmp_path, [replace(row, offset=120) for row in edition_rows("20190701")])
    code, out = run("data", "check", "casme2", "--data", tmp_path, "--frames", "none")
    assert (code, len(out.splitlines())) == (0, 5)
    assert "longer than half a second 255" in out
    assert "600 ms" not in out
    assert "600 ms" in run("data", "check", "casme2", "--data", tmp_path, "--verbose")[1]


def test_the_verdict_and_the_problems_come_first(run, root):
    (root / "CASME2_RAW_selected/sub01/EP02_01f/img9.jpg").unlink()
    lines = run("data", "check", "casme2", "--data", root)[1].splitlines()
    assert lines[0].startswith("casme2 is NOT as published: ")
    assert lines[1].startswith("  unknown edition: ")


def test_your_own_clips_were_read_and_are_not_as_published(run, tmp_path):
    write_tree(tmp_path, ROWS[:1])
    (tmp_path / "index.csv").write_text("subject,clip,path,label\n1,a,sub01/EP02_01f,x\n")
    code, out = run("data", "check", "folder", "--data", tmp_path)
    assert (code, "folder was read: 1 expression of 1 person" in out) == (0, True)
    assert "published." in out.splitlines()[0]


def test_the_index_tells_none_of_the_classes_from_excluded(run, tmp_path, root):
    write_sheet(root / NEW, with_row(with_row(ROWS, 1, au="43"), 2, emotion="sadness"))
    run("data", "index", "casme2", "--data", root, "--out", tmp_path / "index.csv")
    with (tmp_path / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["protocol.au_casme2"] == "none"
    assert rows[2]["protocol.casme2_5"] == "excluded"


@pytest.fixture
def run(capsys):

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return ended.value.code, capsys.readouterr().out

    return call


@pytest.mark.usefixtures("made_up_content")
def test_check_ends_with_1_on_a_mismatch_and_0_without(run, tmp_path, root):
    assert run("data", "check", "casme2", "--data", root)[0] == 1
    write_sheet(tmp_path / "alone" / NEW, edition_rows("20190701"))
    code, out = run("data", "check", "casme2", "--data", tmp_path / "alone", "--frames", "none")
    assert "expressions" in out
    assert (code, out.startswith("casme2 is as published: edition 20190701")) == (0, True), out


def test_check_speaks_json_and_writes_a_page_in_which_text_stays_text(run, tmp_path, root):
    write_sheet(root / NEW, with_row(ROWS, 0, emotion="<script>x</script>"))
    page = tmp_path / "page.html"
    code, out = run("data", "check", "casme2", "--data", root, "--json", "--html", page)
    told = json.loads(out)
    assert (code, told["healthy"], told["clips"]) == (1, False, 4)
    assert "&lt;script&gt;" in page.read_text()
    assert "<script>x" not in page.read_text()


def test_an_added_set_needs_no_folder_again(run, root):
    assert f"casme2: {root} (stored in" in run("data", "add", "casme2", root)[1]
    assert run("data", "check", "casme2")[0] == 1
    rows = {row["name"]: row for row in json.loads(run("data", "list", "--json")[1])}
    assert rows["casme2"]["here"]
    assert not rows["synthetic"]["here"]
    assert f"folder: {root}" in run("data", "list")[1].replace("\n", "")


def test_the_index_holds_published_and_final_values_and_reads_back(run, tmp_path, root):
    write_sheet(root / NEW, with_row(ROWS, 1, apex="/"))
    out = tmp_path / "index.csv"
    assert run("data", "index", "casme2", "--data", root, "--out", out)[0] == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(FIELDS) <= set(rows[0])
    assert rows[0]["uid"] == "casme2/sub01/EP02_01f/8"
    assert (rows[1]["apex"], rows[1]["apex_raw"], rows[1]["apex_status"]) == ("", "/", "missing")
    assert rows[0]["protocol.casme2_5"] == "happiness"
    assert rows[0]["protocol.au_casme2"] == "AU12"
    assert rows[0]["protocol.megc2018_cde"] == ""  # its file is not there


def test_a_record_reads_back_from_its_cells(root):
    clip = CASME2().survey(root).clips[1]
    cells = datasets.record.to_text(clip.record)
    back = from_text(cells)
    record = datasets.record.Record(**back)
    assert record.aus[1].side == "L"
    assert record.to_dict() == clip.record


def test_a_cell_of_the_wrong_type_names_its_column():
    with pytest.raises(ValueError, match="column 'onset': 'x'"):
        from_text({"onset": "x"})
