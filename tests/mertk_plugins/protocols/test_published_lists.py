"""Every protocol accepts clips with the published counts, and refuses all others."""

from dataclasses import dataclass, field, replace

import published as of
import pytest

import mertk
from mertk.experiment.task import make_task

REGISTRY = mertk.load_plugins().registry


@dataclass
class Case:
    protocol: str
    edition: str
    rows: list
    params: dict = field(default_factory=dict)

    @property
    def use(self):
        return mertk.Use(self.protocol, **self.params)

    @property
    def rules(self):
        return REGISTRY.build("protocol", self.use)

    @property
    def manifest(self):
        return next(one for one in self.rules.manifests if one.edition == self.edition)

    def clips(self):
        people = dict(self.manifest.subjects)
        if self.protocol.startswith("dfme"):
            return dfme_clips()
        return of.clips(self.rows, self.rules, people)


def dfme_clips():
    """176, 42 and 41 people, each in one part."""
    people, made = {"train": 176, "testA": 42, "testB": 41}, []
    for number, row in enumerate(of.dfme()):
        part = row["record"]["official_split"]
        subject = f"{part}-{number % people[part]}"
        made.append(of.clip(row | {"subject": subject}, number))
    return made


def cases():
    yield from casme2_cases()
    yield from emotion_cases()
    yield from casme3_cases()
    yield from action_unit_cases()


def casme2_cases():
    for n in (3, 4, 5, 7):
        name = f"casme2_{n}"
        yield Case(name, "2014 labels", of.casme2("2014"))
        yield Case(name, "2014 labels", of.casme2("2019"))
        yield Case(name, "2014 labels", of.casme2("2014"), {"labels": "file"})
        yield Case(name, "2019 labels", of.casme2("2019"), {"labels": "file"})
        yield Case(name, "updated file, 2014 labels", of.casme2("updated"))
    for edition in ("2014", "2019", "updated"):
        all_three = [*of.casme2(edition), *of.of_words("samm", of.SAMM),
                     *of.of_words("smic", of.SMIC["hs"])]  # fmt: skip
        yield Case("megc2019", "", all_three)


def emotion_cases():
    for n in (3, 5, 8):
        yield Case(f"samm_{n}", "", of.of_words("samm", of.SAMM))
    yield Case("smic_3", "HS", of.of_words("smic", of.SMIC["hs"]))
    yield Case("smic_3", "VIS or NIR", of.of_words("smic", of.SMIC["vis"]))
    yield Case("smic_3", "SMIC-E HS", of.of_words("smic", of.SMIC["e"]))
    yield Case("casme_4", "189 rows", of.of_words("casme", of.CASME["189"]))
    yield Case("casme_4", "as papers print it", of.of_words("casme", of.CASME["papers"]))
    yield Case("casme_sq_4", "", of.casme_sq())
    for name in ("3", "4a", "4b", "6", "7"):
        yield Case(f"mmew_{name}", "", of.of_words("mmew", of.MMEW))
    yield Case("fourdme_5", "", of.fourdme())
    yield Case("dfme_7", "", of.dfme())
    yield Case("dfme_10fold", "", of.dfme())


def casme3_cases():
    for n in (3, 4, 7):
        yield Case(f"casme3_{n}", "v2", of.of_words("casme3", of.CASME3))
    for n in (4, 7):
        for edition, more in (("v1", 61), ("as the paper counts", 83)):
            counts = {**of.CASME3, "fear": of.CASME3["fear"] + more}
            yield Case(f"casme3_{n}", edition, of.of_words("casme3", counts))


def action_unit_cases():
    yield Case("objective5", "", of.objective("casme2 2019"))
    for name in ("megc2018_cde", "megc2018_hde"):
        yield Case(name, "", of.objective("casme2 2018"))
    for name in ("casme", "samm", "mmew", "fourdme"):
        yield Case(f"au_{name}", "", of.aus(name))
    for edition in ("2014", "2019", "updated"):
        named = f"CASME II: {edition}{' file' if edition == 'updated' else ''}"
        yield Case("au_casme2", named, of.aus(f"casme2 {edition}"))
        yield Case("cd6me", named, of.cd6me(edition))


CASES = [
    pytest.param(case, id=f"{case.use} {case.edition} {number}")
    for number, case in enumerate(cases())
]


@pytest.fixture
def without_hash(monkeypatch, request):
    """The made-up clips have the published counts, but not the published names."""
    rules = type(request.getfixturevalue("case").rules)
    plain = tuple(replace(one, sha256=None, parts={}) for one in rules.manifests)
    monkeypatch.setattr(rules, "manifests", plain)


def task(case, clips, **options):
    return make_task(REGISTRY, case.use, [], clips, **options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("without_hash")
def test_clips_with_the_published_counts_are_accepted(case):
    made = task(case, case.clips())
    assert made.published["differences"] == []
    assert made.published["edition"] == case.edition
    assert len(made.clips) == made.published["clips"]


def test_clips_that_lack_frames_are_counted_beside_the_list():
    case = Case("smic_3", "SMIC-E HS", of.of_words("smic", of.SMIC["e"]))
    clips = case.clips()
    lost = [replace(clip, record={**clip.record, "quirks": ("incomplete",)}) for clip in clips[:3]]
    assert task(case, [*lost, *clips[3:]]).published["incomplete"] == 3
    assert "incomplete" not in task(case, clips).published


def test_a_clip_that_is_excluded_by_name_does_not_count_as_a_difference():
    case = Case("smic_3", "SMIC-E HS", of.of_words("smic", of.SMIC["e"]))
    clips = case.clips()
    made = task(case, clips, excluded=frozenset({clips[3].uid}))
    assert (len(made.clips), made.published["differences"]) == (len(clips) - 1, [])
    assert made.identity["excluded"] == [clips[3].uid]
    assert "excluded" not in task(case, clips).identity


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("without_hash")
def test_one_clip_less_is_refused_with_data_set_and_numbers(case):
    clips, rules = case.clips(), case.rules
    counting = [at for at, clip in enumerate(clips) if rules.label(clip) is not None]
    happy = [at for at in counting if rules.label(clips[at]) in ("happiness", "positive")]
    lost = (happy or counting)[0]  # the updated CASME II less one disgust is the older one
    name = clips[lost].dataset
    with pytest.raises(mertk.ProtocolError, match=rf"{name}: \d+ \w+, published \d+"):
        task(case, clips[:lost] + clips[lost + 1 :])


@pytest.mark.parametrize("case", [c for c in CASES if any(c.values[0].manifest.counts.values())])
@pytest.mark.usefixtures("without_hash")
def test_one_label_changed_is_refused_with_the_class(case):
    clips, rules = case.clips(), case.rules
    labels = [(at, rules.label(clip)) for at, clip in enumerate(clips)]
    counting = [(at, label) for at, label in labels if label]
    at, before = counting[0]
    of_set = clips[at].dataset
    other = next(n for n, label in counting if label != before and clips[n].dataset == of_set)
    own = {key: clips[at].record[key] for key in ("subject", "clip")}
    changed = replace(clips[at], record={**clips[other].record, **own})
    with pytest.raises(mertk.ProtocolError, match=rf"{of_set}: \d+ \w+, published \d+"):
        task(case, [*clips[:at], changed, *clips[at + 1 :]])


@pytest.mark.parametrize("case", [c for c in CASES if c.values[0].manifest.sha256])
def test_other_clips_in_the_same_numbers_are_refused_where_the_list_is_known(case):
    with pytest.raises(mertk.ProtocolError, match="not the same"):
        task(case, case.clips())
    allowed = task(case, case.clips(), allow_mismatch=True)
    assert len(allowed.published["differences"]) == 1


def test_every_published_list_is_among_these():
    tried = {(case.values[0].protocol, case.values[0].edition) for case in CASES}
    shipped = {
        (name, one.edition)
        for name in REGISTRY.names("protocol")
        for one in getattr(REGISTRY.build("protocol", mertk.Use(name)), "manifests", ())
    }
    assert shipped == tried
