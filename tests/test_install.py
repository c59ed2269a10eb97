"""What is installed: the conda recipe and the Dockerfile agree with pyproject.toml."""

import re
import tomllib

import yaml
from test_examples import ROOT

import mertk

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONDA_NAMES = {"opencv-python": "py-opencv", "matplotlib": "matplotlib-base"}


def read_recipe():
    text = (ROOT / "conda" / "meta.yaml").read_text("utf-8")
    text = re.sub(r"\{%.*?%\}", "", text)
    return yaml.safe_load(re.sub(r"\{\{ *(\w+) *\}\}", r"\1", text))


def test_the_conda_recipe_needs_what_the_wheel_needs():
    run = set(read_recipe()["requirements"]["run"])
    expected = {f"python {PROJECT['project']['requires-python']}"}
    for one in PROJECT["project"]["dependencies"]:
        name, least = one.split(">=")
        expected.add(f"{CONDA_NAMES.get(name, name)} >={least}")
    assert run == expected


def test_the_conda_recipe_is_of_this_version_and_says_the_same():
    text, recipe = (ROOT / "conda" / "meta.yaml").read_text("utf-8"), read_recipe()
    assert f'{{% set version = "{mertk.__version__}" %}}' in text
    assert recipe["about"]["summary"] == PROJECT["project"]["description"]
    assert recipe["about"]["license"] == PROJECT["project"]["license"]
    scripts = [f"{name} = {where}" for name, where in PROJECT["project"]["scripts"].items()]
    assert recipe["build"]["entry_points"] == scripts


def test_the_name_of_the_field_is_spelt_out():
    project = PROJECT["project"]
    assert "micro-expression recognition" in project["description"].lower()
    assert "micro-expression recognition" in project["keywords"]


def test_the_image_is_handed_all_that_the_wheel_is_built_from():
    rules = (ROOT / ".dockerignore").read_text("utf-8").split()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {package.partition("/")[0] for package in packages}
    assert kept == needed | {"pyproject.toml", "README.md", "LICENSE"}
    assert rules[0] == "*"


def test_the_image_has_a_python_that_mertk_supports_and_does_not_run_as_root():
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    versions = [re.search(r"python:([\d.]+)", line)[1] for line in lines if line.startswith("FROM")]
    names = PROJECT["project"]["classifiers"]
    assert all(f"Programming Language :: Python :: {version}" in names for version in versions)
    assert "USER mertk" in lines
    assert 'ENTRYPOINT ["mertk"]' in lines
