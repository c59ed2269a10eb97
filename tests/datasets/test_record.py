import json
import subprocess
import sys

import pytest

from mertk.datasets.record import Record, canonical_emotion

FIELDS = {"uid": "a/b/c", "dataset": "a", "subject": "b", "subject_native": "b", "clip": "c",
          "label": "joy", "onset": 3, "apex": None, "offset": 9, "fps": 200.0}  # fmt: skip


def test_a_record_is_plain_data_with_further_columns_beside_it():
    record = Record(**FIELDS, extra={"mood": "calm"}).to_dict()
    assert record["mood"] == "calm"
    assert "extra" not in record
    assert json.loads(json.dumps(record))["apex"] is None


@pytest.mark.parametrize(
    ("written", "emotion"),
    [("Other", "others"), (" Others ", "others"), ("sad", "sadness"), ("Happiness", "happiness"),
     ("tense", "tense")],
)  # fmt: skip
def test_emotions_have_one_spelling(written, emotion):
    assert canonical_emotion(written) == emotion


def test_the_data_parts_import_nothing_heavy():
    code = (
        "import sys, mertk.datasets; "
        "print(sorted({'cv2', 'pandas', 'openpyxl', 'xlrd', 'torch'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
