"""Recipes as data: JSON, TOML, swaps and settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mertk.core.errors import ParameterError
from mertk.core.recipe import Recipe, Use, parse_value

TWO = Recipe(
    extractor={"lbp": Use("lbptop", points=8), "flow": Use("flow")},
    fusion=(Use("standardize"), Use("concat")),
    classifier=Use("svm", C=2.0),
)
ONE = Recipe(extractor=Use("lbptop"), classifier=Use("svm"))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("abc,=:[]", max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("recipe", [ONE, TWO, Recipe(classifier=Use("majority"))])
def test_json_and_back_is_the_same_recipe(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert hash(Recipe.from_json(recipe.to_json())) == hash(recipe)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), json_values))
def test_any_json_parameters_survive(params):
    assert Use.from_json(Use("x", **params).to_json()) == Use("x", **params)


def test_toml_is_read(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'aligner = "none"\nextractor = {name = "flow", size = 28}\n'
        'fusion = ["concat"]\n[classifier]\nname = "svm"\nC = 2.0\n'
    )
    recipe = Recipe.load(file)
    assert recipe.extractor == Use("flow", size=28)
    assert recipe.classifier == Use("svm", C=2.0)


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("flow", Use("flow")),
        ("flow:size=28,method=dis", Use("flow", size=28, method="dis")),
        ("mlp:hidden=[256,64],batch=8", Use("mlp", hidden=[256, 64], batch=8)),
        ('x:name_of="a,b"', Use("x", name_of="a,b")),
        ("x:flag=true,none=null", Use("x", flag=True, none=None)),
    ],
)
def test_the_short_form_is_read(text, use):
    assert Use.parse(text) == use


def test_a_short_form_without_value_is_refused():
    with pytest.raises(ParameterError, match="is not key=value"):
        Use.parse("flow:size")


def test_set_and_swap_reach_every_place():
    assert ONE.set("extractor.grid", 8).extractor == Use("lbptop", grid=8)
    assert TWO.set("extractor.flow.size", 9).extractors["flow"] == Use("flow", size=9)
    assert TWO.set("fusion.1.x", 1).fusion[1] == Use("concat", x=1)
    assert ONE.swap("classifier", Use("mlp")).classifier == Use("mlp")
    assert TWO.swap("fusion.0", Use("a"), Use("b")).fusion == (Use("a"), Use("b"), Use("concat"))
    assert TWO.swap("fusion", Use("se")).fusion == (Use("se"),)
    assert TWO.fusion[1] == Use("concat")  # the recipe itself never changes


@pytest.mark.parametrize("path", ["grid", "extract.grid", "fusion.7.x", "fusion.x", "aligner.a.b"])
def test_a_place_that_is_not_there_is_named(path):
    with pytest.raises(ParameterError, match=r"this recipe has no|names no slot"):
        TWO.set(path, 1)


def test_parameters_that_are_no_json_are_refused():
    with pytest.raises(ParameterError, match="must be JSON values"):
        Use("x", f=lambda: 0)
    with pytest.raises(ParameterError, match="must be JSON values"):
        Use("x", f=float("nan"))


def test_values_are_json_or_text():
    assert parse_value("3") == 3
    assert parse_value("tvl1") == "tvl1"
