"""Tables of intervals, as challenges take them and people write them."""

import pytest

from mertk.core.errors import DataError
from mertk.spotting import interval_tables
from mertk.spotting.scoring import Interval

FULL = """subject,video,onset,offset,type,emotion
s15,15_0101,557,608,mae,negative
s15,15_0101,2854,2871.0,me,Others
"""


@pytest.fixture
def read(tmp_path):
    def write_and_read(text, name="intervals.csv"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return interval_tables.read_intervals(file)

    return write_and_read


def test_columns_are_found_by_name(read):
    assert read(FULL) == [
        Interval("15_0101", 557, 608, "macro", "negative", "s15"),
        Interval("15_0101", 2854, 2871, "micro", "others", "s15"),
    ]
    assert read("Vid;Pred_Onset;Pred_Offset\nv1;3;9\n") == [Interval("v1", 3, 9)]


def test_rows_without_a_header_are_read_as_megc_2022_asks_for_them(read):
    text = "006_1,12,40,me\n\n006_1,100,180,mae\n"
    expected = [Interval("006_1", 12, 40, "micro"), Interval("006_1", 100, 180, "macro")]
    assert read(text) == expected
    assert read("\ufeff" + text.replace(",", "\t"), "p.tsv") == expected
    assert read("006_1,12,40\n") == [Interval("006_1", 12, 40)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("ME", "micro"), ("Micro - 1/2", "micro"), ("micro-expression", "micro"), ("Macro", "macro"),
     ("macro-expression", "macro")],
)  # fmt: skip
def test_types_are_known_in_the_words_of_the_data_sets(read, text, kind):
    assert read(f"video,onset,offset,type\nv1,3,9,{text}\n")[0].kind == kind


def test_nothing_spotted_is_a_header_alone(read):
    assert read("vid,onset,offset,type\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FULL.replace("608", "0"), "row 2, column 'offset': video 15_0101: offset 0 lies before"),
        (FULL.replace("557", "?"), "row 2, column 'onset': '?' is not a frame number"),
        (FULL.replace("2854", "2854.5"), "row 3, column 'onset': '2854.5' is not a frame number"),
        (FULL.replace("2854", ""), "row 3, column 'onset': the cell is empty"),
        (FULL.replace(",me,", ",blink,"), "row 3, column 'type': 'blink' is neither me"),
        (FULL.replace("offset", "end"), "no column 'offset'. Columns: subject, video, onset, end"),
        ("v1,3,9,me\nv1,3,x,me\n", "row 2, column 'offset': 'x' is not a frame number"),
        ("", "is empty: there is not even a header"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_file_row_and_column(read, text, message):
    with pytest.raises(DataError, match="intervals.csv") as raised:
        read(text)
    assert message in str(raised.value)
    assert str(raised.value).count("intervals.csv") == 1


def test_an_emotion_may_be_empty_and_is_called_predicted_by_mertk_predict(read):
    found = read("video,onset,offset,predicted\nv1,3,9,Anger\nv1,10,12,\nv1,13,15,-\nv2,,,\n")
    assert [one.emotion for one in found] == ["anger", "", ""]


LOG = """2
15_0101   557   608   -   -   FN
15_0101   -     -     1   9   FP
15_0101   10    20    10  18  TP
15_0101   19    30    10  18  FN
1
006_1     1     50    2   60  TP
006_1     1     50    9   55  TP
"""


def test_a_log_of_megc_2020_holds_the_truth_too(tmp_path, read):
    file = tmp_path / "log.txt"
    file.write_text(LOG)
    assert interval_tables.is_challenge_log(file)
    parts = interval_tables.read_challenge_log(file)
    true, spotted = parts["casme_sq"]
    assert [(one.onset, one.offset) for one in true] == [(557, 608), (10, 20), (19, 30)]
    assert [(one.onset, one.offset) for one in spotted] == [(1, 9), (10, 18)]
    true, spotted = parts["samm_lv"]
    assert (len(true), len(spotted)) == (1, 2)
    assert len(read(LOG, "log.txt")) == 4  # the spotted ones, against another truth


def test_a_bad_line_of_a_log_is_named(tmp_path):
    file = tmp_path / "log.txt"
    file.write_text(LOG.replace("2   60  TP", "2   x  TP"))
    with pytest.raises(DataError, match="row 7: '2 x' are not two frame numbers"):
        interval_tables.read_challenge_log(file)


def test_the_column_person_of_mertk_predict_may_be_empty(read):
    assert read("video,person,onset,offset\nv1,,3,9\n") == [Interval("v1", 3, 9)]
