"""Submission logs and tables of predictions, as people write them."""

import pandas as pd
import pytest

from mertk.core.errors import DataError, ProtocolError
from mertk.evaluation import external_predictions

SUBMISSION = """casme2 sub01
EP02_01f 1 1
EP19_05f 0 2

smic s01
s01_ne_01 0 0
s01_sur_01 2 0
samm 006
006_1_2 0 0
"""
TABLE = """dataset,subject,clip,truth,prediction
casme2,sub01,EP02_01f,positive,positive
casme2,sub01,EP19_05f,negative,surprise
smic,s01,s01_ne_01,negative,negative
smic,s01,s01_sur_01,surprise,negative
samm,006,006_1_2,negative,negative
"""


@pytest.fixture
def read(tmp_path):
    def write_and_read(text, *classes, name="log.csv", encoding="utf-8"):
        file = tmp_path / name
        file.write_text(text, encoding=encoding)
        return external_predictions.read_predictions(file, classes)

    return write_and_read


def test_a_submission_log_is_read_with_the_classes_of_megc_2019(read):
    log = read(SUBMISSION, name="log.txt")
    assert log.classes == ("negative", "positive", "surprise")
    assert log.truth.tolist() == [1, 0, 0, 2, 0]
    assert log.predicted.tolist() == [1, 2, 0, 0, 0]
    assert log.people == ["casme2/sub01", "casme2/sub01", "smic/s01", "smic/s01", "samm/006"]
    assert log.datasets == ("casme2", "smic", "samm")
    assert log.table["clip"].iloc[-1] == "006_1_2"


def test_a_table_says_the_same_as_a_submission_log(read):
    pd.testing.assert_frame_equal(read(TABLE).table, read(SUBMISSION).table)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", ";"),
        lambda text: "\n\n" + text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("subject,clip", "Subject,Clip").replace(
            "prediction", "Predicted"
        ),
        lambda text: text.replace("positive", "Positive"),
    ],
)
def test_tables_are_read_however_they_are_saved(read, change):
    pd.testing.assert_frame_equal(read(change(TABLE), name="table.tsv").table, read(TABLE).table)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" ", "\t"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.rstrip(),
        lambda text: text.replace("casme2", "CASME2"),
    ],
)
def test_submission_logs_are_read_however_they_are_saved(read, change):
    pd.testing.assert_frame_equal(read(change(SUBMISSION)).table, read(SUBMISSION).table)


def test_ids_and_persons_of_mertk_say_subject_and_data_set(read):
    by_uid = read("uid,label,predicted\na/s1/x,0,0\nb/s1/x/4,1,1\n")
    assert by_uid.people == ["a/s1", "b/s1"]
    by_person = read("clip,person,label,predicted\nx,a/s1,0,0\nx,b/s1,1,1\n")
    assert by_person.people == ["a/s1", "b/s1"]
    assert by_person.datasets == ("a", "b")


def test_folds_are_those_of_the_log_or_else_its_people(read):
    text = "clip,subject,fold,truth,prediction\nx,s1,f1,0,0\ny,s2,f1,1,1\n"
    assert read(text).folds == ["f1", "f1"]
    assert read(text.replace("fold", "unknown")).folds == ["/s1", "/s2"]


def test_a_table_without_subjects_has_no_people_and_no_folds(read):
    log = read("clip,truth,prediction\nx,0,0\nx,1,1\n")
    assert (log.people, log.folds, log.datasets) == (None, None, ("",))


def test_classes_of_a_table_are_those_that_are_true_of_some_clip(read):
    assert read(TABLE).classes == ("negative", "positive", "surprise")
    numbers = "clip,truth,prediction\nx,10,2\ny,2,2.0\n"
    log = read(numbers)
    assert log.classes == ("2", "10")
    assert log.predicted.tolist() == [0, 0]


def test_given_classes_name_numbers_and_fix_their_order(read):
    numbers = "clip,truth,prediction\nx,0,1\ny,1,1\n"
    assert read(numbers, "happiness", "anger").classes == ("happiness", "anger")
    log = read(TABLE, "surprise", "negative", "positive")
    assert log.truth.tolist() == [2, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SUBMISSION.replace("0 2", "0"), "row 3: 'EP19_05f 0' is neither DATASET SUBJECT"),
        (SUBMISSION.replace("0 2", "x 2"), "row 3, column 'truth': 'x' is none of the classes"),
        (SUBMISSION.replace("EP19_05f", "EP02_01f"), "row 3, column 'clip': casme2/sub01/EP02_01f is there twice; first in row 2"),
        (TABLE.replace("sub01,EP19_05f", ",EP19_05f"), "row 3, column 'subject': the cell is empty"),
        (TABLE.replace("negative,surprise", ",surprise"), "row 3, column 'truth': the cell is empty"),
        (TABLE.replace("negative,surprise", "negative"), "row 3, column 'prediction': the cell is empty"),
        ("clip,truth,prediction\nx,a,0\ny,b,1\n", "no prediction is one of the classes a, b, but '0'"),
        ("clip,truth,prediction\nx,A1+A2,A1\nx,A1,A 1\n", "labels that differ in spelling alone: 'A 1' and 'A1'"),
        ("x,a,b\na,1,0\nb,0.5,1\n", "row 'b': '0.5' is no count of clips"),
        ("x,a,b\na,1,0\nb,1,-1\n", "row 'b': '-1' is no count of clips"),
        (TABLE.replace("truth", "gold"), "no column 'truth'. Columns: dataset, subject, clip, gold, prediction"),
        ("uid,truth,prediction\na/s1/x,0,0\ny,1,1\n", "row 3: some rows name a subject"),
        ("clip,truth,prediction\n", "holds no predictions"),
        ("casme2 sub01\n", "holds no predictions"),
        ("\n \n", "is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_file_row_and_column(read, text, message):
    with pytest.raises(DataError, match="log.csv") as raised:
        read(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_file_that_is_no_text_are_one_line(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        external_predictions.read_predictions(tmp_path / "nothing.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00clip")
    with pytest.raises(DataError, match="not UTF-8"):
        external_predictions.read_predictions(tmp_path / "bytes.csv")


@pytest.mark.parametrize(
    ("text", "classes", "message"),
    [
        (TABLE, ("negative", "positive", "surprise", "others"), "no clip is 'others'"),
        ("casme2 sub01\nEP02_01f 1 1\nEP19_05f 0 0\n", (), "no clip is 'surprise'"),
        ("clip,truth,prediction\nx,0,0\n", (), "all clips are '0'"),
    ],
)
def test_scores_over_a_class_without_clips_are_refused(read, text, classes, message):
    with pytest.raises(ProtocolError, match=message):
        read(text, *classes)


def test_a_logs_clips_can_be_compared_with_a_published_list(read):
    log = read(SUBMISSION)
    labels = [log.classes[truth] for truth in log.truth]
    assert external_predictions.MEGC2019.differences(log.clips(), labels)[:2] == [
        "casme2: 2 clips, published 145",
        "casme2: 1 negative, published 88",
    ]
    assert external_predictions.MEGC2019.total == 442


def test_what_is_predicted_and_true_of_no_clip_stands_behind_the_classes(read):
    log = read(TABLE.replace("negative,surprise", "negative,bored"))
    assert (log.classes, log.others) == (("negative", "positive", "surprise"), ("bored",))
    assert log.predicted.tolist() == [1, 3, 0, 0, 0]
    given = read(TABLE, "negative", "positive", "surprise")
    assert given.others == ()
    without = TABLE.replace("surprise,negative", "negative,negative")  # surprise is predicted alone
    assert read(without).others == read(without, "surprise", "negative", "positive").others
    assert read(SUBMISSION.replace("0 2", "0 7")).others == ("7",)


def test_y_true_and_y_pred_are_enough(read):
    log = read("y_true,y_pred\n0,0\n1,0\n1,1\n")
    assert (log.truth.tolist(), log.predicted.tolist()) == ([0, 1, 1], [0, 0, 1])
    assert log.people is None
    assert read("Filename,Sub,True Label,Pred\na,s1,x,y\nb,s2,y,y\n").people == ["/s1", "/s2"]


@pytest.mark.parametrize(
    "text", [",a,b\na,3,1\nb,0,2\n", "true\\pred;a;b\na;3;1\nb;0;2\n", "a,b\na,3,1\nb,0,2\n", "3 1\n0 2\n"]
)  # fmt: skip
def test_a_confusion_matrix_has_a_clip_for_each_count(read, text):
    log = read(text)
    assert log.matrix
    assert log.truth.tolist() == [0, 0, 0, 0, 1, 1]
    assert log.predicted.tolist() == [0, 0, 0, 1, 1, 1]


def test_several_labels_of_a_clip_are_read_as_one_column_each(read):
    log = read("clip,truth,prediction\nx,AU12+AU4,AU4\ny,AU4,AU4+AU99\nz,,AU12\n")
    assert (log.classes, log.others) == (("AU4", "AU12"), ("AU99",))
    assert log.truth.tolist() == [[1, 1], [1, 0], [0, 0]]
    assert log.predicted.tolist() == [[1, 0], [1, 0], [0, 1]]
