import csv
import json

import pytest
from casme2_tree import ROWS, Row, edition_rows, picture_bytes, with_row, write_casme2, write_sheet

import mertk
from mertk import datasets
from mertk.cli import main
from mertk.core import clip_lists
from mertk.datasets import validation
from mertk.datasets.record import FIELDS, from_text
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


def test_annotations_alone_of_a_published_edition_are_healthy(tmp_path):
    write_sheet(tmp_path / NEW, edition_rows("20190701"))
    found = diagnosed(tmp_path)
    assert (found.edition, found.clips, found.with_frames) == ("20190701", 255, 0)
    assert found.healthy
    assert "no frames were checked" in topics(found, "note")["annotations alone"].text


def test_one_row_less_is_not_healthy(tmp_path):
    write_sheet(tmp_path / NEW, edition_rows("20190701")[1:])
    found = diagnosed(tmp_path)
    assert not found.healthy
    assert "unknown edition" in topics(found, "error")


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
    assert topics(found, "error")["frames missing"].text == "missing frames: 9"
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


# The commands


@pytest.fixture
def run(capsys):

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return ended.value.code, capsys.readouterr().out

    return call


def test_check_ends_with_1_on_a_mismatch_and_0_without(run, tmp_path, root):
    assert run("data", "check", "casme2", "--data", root)[0] == 1
    write_sheet(tmp_path / "alone" / NEW, edition_rows("20190701"))
    code, out = run("data", "check", "casme2", "--data", tmp_path / "alone", "--frames", "none")
    assert "expressions" in out
    assert (code, "as expected" in out) == (0, True), out


def test_check_speaks_json_and_writes_a_page_in_which_text_stays_text(run, tmp_path, root):
    write_sheet(root / NEW, with_row(ROWS, 0, emotion="<script>x</script>"))
    page = tmp_path / "page.html"
    code, out = run("data", "check", "casme2", "--data", root, "--json", "--html", page)
    told = json.loads(out)
    assert (code, told["healthy"], told["clips"]) == (1, False, 4)
    assert "&lt;script&gt;" in page.read_text()
    assert "<script" not in page.read_text()


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
