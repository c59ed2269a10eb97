"""Every data set's annotations, with all the numbers that were published of it, pass the doctor."""

from dataclasses import replace

import casme2_tree
import casme3_tree
import casme_sq_tree
import casme_tree
import dfme_tree
import fourdme_tree
import mmew_tree
import mmme_tree
import pytest
import samm_tree
import smic_tree
from casme2_tree import codings

import mertk
from mertk import datasets
from mertk.core import clip_lists
from mertk.datasets import validation

REGISTRY = mertk.load_plugins().registry
PROTOCOLS = {
    name: REGISTRY.build("protocol", mertk.Use(name)) for name in REGISTRY.names("protocol")
}

# clips that show AU 1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17 (Varanka et al., CD6ME)
SHOWN = {
    "casme": (23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13),
    "mmew": (50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11),
    "fourdme": (46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11),
    "casme3": (153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20),
}


def coded(name, rows):
    return [replace(r, au=au) for r, au in zip(rows, codings(len(rows), SHOWN[name]), strict=True)]


def casme2(root, edition):
    rows = casme2_tree.edition_rows(edition)
    file = root / f"CASME2-coding-{edition}.xlsx"
    casme2_tree.write_sheet(file, rows, objective=edition == "20190701")


def fourdme(root):
    rows = [
        replace(row, emotion="Negative", marked=(*map(int, row.au.split("+")), "Negative"))
        for row in coded("fourdme", fourdme_tree.edition_rows())
    ]
    fourdme_tree.write_sheet(root / "4DME_Labelling_Micro_release v1.xlsx", rows)


def dfme(root):
    for part, name in (("train", "training"), ("testA", "testA"), ("testB", "testB")):
        dfme_tree.write_sheet(root / f"{name}_full_with_AU.xlsx", dfme_tree.edition_rows(part))


def samm_lv(root):
    people = [*range(6, 34), 37]
    rows = [
        samm_tree.Long(f"{p:03d}", f"{p:03d}_1_{at}", 1, 2, 3)
        for at, p in enumerate((people * 6)[:159])
    ]
    samm_tree.write_long_sheet(root / "SAMM_LongVideos_V2_Release.xlsx", rows)


def casme3_c(root):
    words = ["negative"] * 99 + ["surprise"] * 30 + ["others"] * 20 + ["positive"] * 16
    rows = [
        casme3_tree.Crime(1 + at % 30, at, 10 * at + 1, 10 * at + 5, emotion=word)
        for at, word in enumerate(words)
    ]
    casme3_tree.write_part_c_me(root / "CAS(ME)3_part_C_ME.xlsx", rows)


SETS = {
    "casme2 2014": ("casme2", lambda root: casme2(root, "20140508")),
    "casme2 2019": ("casme2", lambda root: casme2(root, "20190701")),
    "samm": (
        "samm",
        lambda root: samm_tree.write_sheet(root / "SAMM_Micro_FACS_Codes_v2.xlsx",
                                           samm_tree.edition_rows()),
    ),
    "samm_lv": ("samm_lv", samm_lv),
    "smic hs": ("smic", lambda root: smic_tree.write_cropped(root, smic_tree.edition_clips("HS"))),
    "smic vis": (
        "smic:camera=vis",
        lambda root: smic_tree.write_cropped(root, smic_tree.edition_clips("VIS"), "VIS"),
    ),
    "casme": (
        "casme",
        lambda root: casme_tree.write_sheet(root / "casme.xlsx",
                                            coded("casme", casme_tree.edition_rows())),
    ),
    "casme_sq": (
        "casme_sq",
        lambda root: casme_sq_tree.write_sheet(root / "CAS(ME)^2code_final(Updated).xlsx",
                                               casme_sq_tree.edition_rows("updated")),
    ),
    "casme3": (
        "casme3",
        lambda root: casme3_tree.write_me(root / "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx",
                                          coded("casme3", casme3_tree.many(860, 94))),
    ),
    "casme3_c": ("casme3_c", casme3_c),
    "mmew": (
        "mmew",
        lambda root: mmew_tree.write_sheet(root / "MMEW_Micro_Exp.xlsx",
                                           coded("mmew", mmew_tree.edition_rows())),
    ),
    "fourdme": ("fourdme", fourdme),
    "dfme": ("dfme", dfme),
    "mmme": (
        "mmme",
        lambda root: mmme_tree.write_sheet(root / "coding_file.xlsx", mmme_tree.edition_rows()),
    ),
    "mmme all": (
        "mmme:expressions=all",
        lambda root: mmme_tree.write_sheet(root / "coding_file.xlsx", mmme_tree.edition_rows()),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=SETS)
def survey(request, tmp_path_factory):
    text, write = SETS[request.param]
    root = tmp_path_factory.mktemp("set")
    write(root)
    with pytest.MonkeyPatch.context() as patch:  # the rows are made up, only their counts are not
        patch.setattr(datasets.editions.Edition, "find_edited", lambda *_: ())
        patch.setattr(clip_lists, "_compare_hashes", lambda *_: [])
        yield REGISTRY.build("dataset", mertk.Use.parse(text)).survey(root)


def test_it_passes_the_doctor_with_every_protocol_of_its_own(survey):
    own = {name: rules for name, rules in PROTOCOLS.items() if survey.dataset in rules.datasets}
    found = validation.examine_dataset(survey, own, frames="none")
    wrong = [*(c for c in found.counts if c.wrong), *(p for p in found.protocols if p.differences)]
    assert not wrong
    assert found.healthy
    assert survey.edition != "unrecognised"
    named = {rules.protocol for rules in found.protocols}
    assert named or survey.dataset in {"samm_lv", "casme3_c", "mmme"}


def test_it_does_not_with_an_expression_less(survey):
    own = {name: rules for name, rules in PROTOCOLS.items() if survey.dataset in rules.datasets}
    found = validation.examine_dataset(replace(survey, clips=survey.clips[1:]), own, frames="none")
    assert not found.healthy


def test_ids_are_unique_and_their_records_can_be_read_back(survey):
    record = datasets.record
    assert len({clip.uid.lower() for clip in survey.clips}) == len(survey.clips)
    for clip in survey.clips[:: len(survey.clips) // 10]:
        cells = record.to_text(clip.record)
        empty = dict.fromkeys(("onset", "apex", "offset"))
        back = record.Record(**empty | record.from_text(cells))
        assert {k: v for k, v in back.to_dict().items() if v} == {
            k: v for k, v in clip.record.items() if v and k in back.to_dict()
        }


def casme3_v1(root):
    rows = casme3_tree.many(921, 90)
    casme3_tree.write_me(root / "cas(me)3_part_A_ME_label_JpgIndex_v1.xls.xlsx", rows)


def smic_e_vis(root):
    rows = []
    for at, clip in enumerate(smic_tree.edition_clips("VIS")):
        name = f"s{clip.person}_{clip.code}_{clip.number:02d}"
        later = (300, 305) if at < 3 else (None, None)
        word = smic_tree.EMOTIONS[clip.code]
        rows.append(smic_tree.Row(clip.person, name, 100, 105, *later, emotion=word, first=90))
    smic_tree.write_sheet(root / "SMIC-VIS-E_annotation.xlsx", rows, "VIS")


def dfme_train(root):
    dfme_tree.write_sheet(root / "training_full_with_AU.xlsx", dfme_tree.edition_rows("train"))


OFFICIAL = {
    "CAS(ME)^3 v1": ("casme3", casme3_v1, "v1", "casme3_3", "edition v1 gives "),
    "DFME train": ("dfme", dfme_train, "CCAC train", "dfme_7", "needs testA and testB"),
    "SMIC-E VIS": ("smic:camera=vis", smic_e_vis, "SMIC-E-VIS 71", "smic_3", "further=false"),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_an_official_release_passes_though_a_protocol_has_no_list_for_it(tmp_path, name):
    text, write, edition, protocol, hint = OFFICIAL[name]
    write(tmp_path)
    survey = REGISTRY.build("dataset", mertk.Use.parse(text)).survey(tmp_path)
    own = {protocol: PROTOCOLS[protocol]}
    found = validation.examine_dataset(survey, own, frames="none")
    assert (survey.edition, found.problems) == (edition, ())
    assert hint in found.protocols[0].note
    assert found.healthy
