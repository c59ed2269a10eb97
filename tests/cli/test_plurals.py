"""Numbers and nouns agree: what the common commands print about one clip, one person, one fold."""

from __future__ import annotations

import re

from mertk.core.printing import count_noun

PLURAL = re.compile(r"(?<![\d.,:–…=-])\b1 (?:[a-z-]+ )?(?!(?:is|has|was|of|s|ms|px)\b)[a-z]{2,}s\b")


def test_a_number_has_its_noun():
    assert count_noun(1, "fold") == "1 fold"
    assert count_noun(0, "fold") == "0 folds"
    assert count_noun(2, "person is", "people are") == "2 people are"
    assert PLURAL.search("wrote 1 clips")
    assert not PLURAL.search("wrote 1 clip of 11 clips, 0.1 s")


def test_common_commands_say_one_clip(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ("--set", "subjects=1", "--set", "clips=1", "--set", "size=128")
    two = "synthetic:subjects=2,clips=3,size=128"
    for words in (
        ("data", "synth", "one", *small),
        ("data", "check", "casme2", "--data", "one"),
        ("data", "prepare", "casme2", "--data", "casme2=one", "--out", "flow", "--aligner", "none"),
        ("study", "check", "smoke"),
        (
            "bench",
            "--model",
            "flow_ridge",
            "--dataset",
            two,
            "--no-floors",
            "--jobs",
            "1",
            "--plan",
        ),
        ("train", "--model", "flow_ridge", "--dataset", two, "--out", "model"),
        ("predict", "model", "flow/index.csv", "--shifts", "0", "--out", "found"),
        ("cache",),
    ):
        code, out, err = run(*words)
        assert code in (0, None), (words, err)
        assert not PLURAL.findall(out + err), (words, PLURAL.findall(out + err))
