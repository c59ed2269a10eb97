"""The table of networks is made from the networks as they are."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("networks", ROOT / "docs" / "networks.py")
networks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(networks)
PAGE = networks.PAGE.read_text("utf-8")
AUTHORS = tomllib.loads((ROOT / "docs" / "networks.toml").read_text("utf-8"))


@pytest.mark.slow
def test_the_page_is_up_to_date():
    assert networks.make_page() == PAGE, "run: python docs/networks.py"


def test_every_preset_of_every_network_has_a_row():
    expected = [f"`{e.name}:{preset}`" for e in networks.find_networks() for preset in e.presets]
    assert re.findall(r"^\| (`[^`]+`)", PAGE, re.MULTILINE) == expected
    assert len(expected) > 45


def test_only_weights_of_the_authors_that_are_ours_are_called_equal():
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    equal = [row for row in rows if row[8] == "equal"]
    assert {row[0].strip("`").partition(":")[0] for row in equal} == {
        "dual_atme", "htnet", "me_capsule", "mmnet", "rcn", "sssnet", "ststnet",
    }  # fmt: skip
    assert all(row[2] == row[5] for row in equal)


def test_what_is_said_of_authors_is_of_networks_and_presets_that_there_are():
    presets = {entry.name: set(entry.presets) for entry in networks.find_networks()}
    assert set(AUTHORS) == set(presets)
    for name, known in AUTHORS.items():
        assert set(known.get("presets", ())) <= presets[name]
        assert known["verified"] in ("equal", "calculated", "unverified", "own")
