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
    names = sorted(row[0].strip("`").partition(":")[0] for row in equal)
    assert names == ["dual_atme", "me_capsule", "rcn", "sssnet", "ststnet"]
    assert all(row[2] == row[5] for row in equal)


def test_what_is_said_of_authors_is_of_networks_and_presets_that_there_are():
    presets = {entry.name: set(entry.presets) for entry in networks.find_networks()}
    assert set(AUTHORS) == set(presets)
    for name, known in AUTHORS.items():
        assert set(known.get("presets", ())) <= presets[name]
        assert known["verified"] in ("equal", "calculated", "unverified", "own")


def test_the_authors_counts_are_those_of_their_layers():
    """Layer by layer from RCN_A, MEROIInception, HTNet and MMNet, at the commits that are named."""
    rcn = conv(3, 64, 5) + conv(64, 64, 1) + conv(64, 64, 3) + 3 * 128 + dense(7 * 7 * 64, 3)
    branches = 2 * (inception(3, 6) + inception(24, 12))
    gates = dense(48, 3) + dense(3, 48) + conv(2, 1, 3)
    dual_atme = branches + gates + dense(7 * 7 * 48 * 2, 1024) + 2048 + dense(1024, 3)

    htnet, queries = conv(3, 256, 7) + 3 + 2048 + dense(1024, 3), 0  # 3 positions, a norm, a head
    for level, depth in enumerate((2, 2, 10)):
        dim, heads = 256 * 2**level, 3 * 2**level
        inner = dim // heads * heads
        wide = dense(dim, 4 * dim) + dense(4 * dim, dim)
        htnet += depth * (3 * dim * inner + dense(inner, dim) + wide + 4 * dim)
        queries += depth * 2 * dim * inner
        htnet += conv(dim, 2 * dim, 3) + 4 * dim if level < 2 else 0

    mmnet, last = 3 * 180 * 9 + 360 + 180 * 128 * 9 + 256, 128
    for planes, stride in ((128, 1), (128, 2), (256, 2), (512, 2)):
        mmnet += last * planes * 9 + planes * planes + 4 * planes + 4  # with the spatial gate
        mmnet += last * planes + 2 * planes if stride > 1 else 0
        last = planes
    layer = dense(512, 1536) + dense(512, 512) + dense(512, 2048) + dense(2048, 512) + 4 * 512
    mmnet += conv(3, 512, 1) + 196 * 512 + 2 * layer + 1024 + dense(512 * 196, 3)
    idle = 3 * 512 + 1024 + 112 * 112 * 38 + 4 * 111 * 111 + 512 + dense(512, 5) + dense(512, 1)

    for name, counts in {
        "rcn": [rcn],
        "dual_atme": [dual_atme],
        "htnet": [htnet, htnet - queries - 1],
        "mmnet": [mmnet + idle, mmnet],
    }.items():
        told = AUTHORS[name]["presets"]["paper"]["weights"]
        assert re.findall(r"\d[\d,]+\d", told) == [f"{count:,}" for count in counts]


def conv(channels, filters, side):
    return channels * filters * side**2 + filters


def dense(inputs, outputs):
    return inputs * outputs + outputs


def inception(channels, filters):
    norms = 2 * (4 * filters + 12)
    sides = conv(6, filters, 3) + conv(6, filters, 5)
    return 2 * conv(channels, filters, 1) + 2 * conv(channels, 6, 1) + sides + norms
