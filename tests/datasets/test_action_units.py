import pytest
from hypothesis import given
from hypothesis import strategies as st

from mertk import DataError
from mertk.datasets.action_units import AU, find_acting_aus, objective_class, parse_aus, plain_aus

SIDES = st.sampled_from(["", "L", "R", "A", "T", "B"])
CODES = st.builds(
    AU,
    au=st.integers(1, 98),
    kind=st.sampled_from(["AU", "AD", "M"]),
    side=SIDES,
    intensity=st.sampled_from(["", "A", "B", "C", "D", "E"]),
    flags=st.sampled_from([(), ("uncertain",), ("kept",)]),
)
CODINGS = st.lists(CODES, min_size=1, max_size=6)


def written(au, *, kind=True, behind=False):
    before = au.side if not behind else ""
    after = au.side if behind else ""
    mark = {"uncertain": "?", "kept": "(k)"}.get("".join(au.flags), "")
    shown = au.kind if kind or au.kind != "AU" else ""
    return f"{before}{shown}{au.au}{after}{au.intensity}{mark}"


@given(CODINGS, st.sampled_from(["+", ",", "，", " + ", ", "]), st.booleans())
def test_what_is_written_is_read_back(aus, separator, kind):
    text = separator.join(written(au, kind=kind) for au in aus)
    assert parse_aus(text) == tuple(aus)


@given(CODINGS)
def test_case_and_blanks_and_a_trailing_separator_do_not_matter(aus):
    text = "+".join(written(au) for au in aus)
    assert parse_aus(f"  {text.lower()} + ") == tuple(aus)


@given(st.builds(AU, au=st.integers(1, 98), side=st.sampled_from("LR")))
def test_left_and_right_may_stand_behind(au):
    assert parse_aus(written(au, kind=False, behind=True)) == (au,)


@given(CODINGS)
def test_the_plain_set_is_sorted_unique_and_blind_to_sides(aus):
    plain = plain_aus(aus)
    assert list(plain) == sorted(set(plain))
    assert set(plain) == {au.au for au in aus if "kept" not in au.flags}


@given(CODINGS)
def test_an_objective_class_depends_on_the_plain_set_alone(aus):
    plain = [AU(number) for number in plain_aus(aus)]
    assert objective_class(aus) == objective_class(plain) == objective_class(reversed(plain))
    assert objective_class(aus) in range(1, 8)


@given(st.text(alphabet="0123456789LRATBEDUM+/(),? orefk", max_size=12))
def test_any_text_is_read_or_refused_by_name(text):
    try:
        aus = parse_aus(text)
    except DataError as error:
        assert f"'{text}'" in str(error)  # noqa: PT017
    else:
        assert aus is None or all(0 <= au.au < 100 for au in aus)


@pytest.mark.parametrize("text", ["", " ", "?", "NULL", "null"])
def test_not_coded_is_unknown(text):
    assert parse_aus(text) is None


@pytest.mark.parametrize(
    ("text", "aus"),
    [
        ("12", [AU(12)]),
        ("4+7+L10", [AU(4), AU(7), AU(10, side="L")]),
        ("A14C", [AU(14, side="A", intensity="C")]),
        ("12+15 ", [AU(12), AU(15)]),
        ("10R", [AU(10, side="R")]),
        ("r18", [AU(18, side="R")]),
        ("4，11", [AU(4), AU(11)]),
        ("4,24", [AU(4), AU(24)]),
        ("R4,5", [AU(4, side="R"), AU(5)]),
        ("13?", [AU(13, flags=("uncertain",))]),
        ("4(k)+7", [AU(4, flags=("kept",)), AU(7)]),
        ("AD31+M58", [AU(31, "AD"), AU(58, "M")]),
        ("AUR2+12(k)", [AU(2, side="R"), AU(12, flags=("kept",))]),
        ("L12 or L14", [AU(12, side="L", alternative=0), AU(14, side="L", alternative=0)]),
        (
            "(R6 or R12)+R15",
            [AU(6, side="R", alternative=0), AU(12, side="R", alternative=0), AU(15, side="R")],
        ),
        ("1/2+4 or 5", [AU(1, alternative=0), AU(2, alternative=0), AU(4, alternative=1),
                        AU(5, alternative=1)]),
        ("10A/B", [AU(10, intensity="A/B")]),
        ("4A/B", [AU(4, intensity="A/B")]),
        ("A/L12", [AU(12, side="A/L")]),
        ("6 + soft focus", [AU(6, flags=("soft focus",))]),
        ("4+ref(12)", [AU(4), AU(12, flags=("ref",))]),
        ("(4+7)?", [AU(4, flags=("uncertain",)), AU(7, flags=("uncertain",))]),
    ],
)  # fmt: skip
def test_codings_of_real_data_sets_are_read(text, aus):
    assert parse_aus(text) == tuple(aus)


@pytest.mark.parametrize("text", ["1214", "smile", "4+x", "(4+7", "4)+(7", "4-7", "4 7", "LR4"])
def test_what_is_no_coding_is_refused(text):
    with pytest.raises(DataError, match="AU coding"):
        parse_aus(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("R6+L12", 1), ("1+2", 2), ("4+7", 3), ("4+7+L10", 4), ("1", 5), ("20", 6), ("4+10", 7),
     ("4+7+9+10", 7), ("14", 7)],
)  # fmt: skip
def test_objective_classes_follow_the_published_rule(text, number):
    assert objective_class(parse_aus(text)) == number


@pytest.mark.parametrize(
    ("region", "acting", "not_acting"),
    [
        ("brow_left", {1, 2, 4}, {5, 7, 12}),
        ("forehead3", {1, 2, 4}, {9}),
        ("eye_right", {1, 2, 4, 5, 6, 7}, {9, 12}),
        ("nose", {9, 10}, {4, 12}),
        ("cheek_left", {6, 12, 14}, {4, 25}),
        ("mouth", {10, 12, 14, 15, 17, 20, 23, 24, 25, 28}, {6, 9, 21}),
        ("chin", {17, 26}, {12}),
        ("r0c1", set(), {1, 12}),
    ],
)
def test_a_region_is_moved_by_the_units_of_its_part_of_the_face(region, acting, not_acting):
    found = find_acting_aus(region)
    assert acting <= found
    assert not not_acting & found
