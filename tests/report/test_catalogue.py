"""The pages of components: everything that is registered, as it is registered."""

import json

import pytest

import mertk
from mertk.plugins.registry import KINDS
from mertk.report import reference_pages

ENTRIES = list(mertk.load_plugins().registry)


def test_every_kind_has_a_page_or_cards():
    assert {*reference_pages.TITLES, "model"} == set(KINDS)


@pytest.mark.parametrize("kind", reference_pages.TITLES)
def test_every_component_stands_there_with_its_parameters(kind):
    sections = dict(
        part.split("\n", 1)
        for part in reference_pages.format_reference_page(kind, ENTRIES).split("\n## ")[1:]
    )
    entries = [entry for entry in ENTRIES if entry.kind == kind]
    assert list(sections) == [entry.name for entry in entries]
    for entry in entries:
        text = sections[entry.name]
        assert entry.summary in text
        assert entry.paper in text
        assert f"From: {entry.origin}." in text
        for name, parameter in entry.parameters().items():
            assert f"| `{name}` | `{json.dumps(parameter.default)}` | `" in text
        for row in reference_pages.list_parameters(entry):
            assert f"` | {row.description.replace('|', chr(92) + '|')} |" in text


@pytest.mark.parametrize("kind", reference_pages.TITLES)
def test_every_shipped_parameter_is_explained_in_a_sentence(kind):
    for entry in ENTRIES:
        for name, text in entry.describe_parameters().items() if entry.kind == kind else ():
            assert len(text.split()) >= 3, (entry.name, name, text)
            assert text.endswith("."), (entry.name, name, text)
            assert "see `" not in text, (entry.name, name, text)


class Plain:
    """Does nothing.

    Args:
        size: width|height,
            in pixels.
    """

    def __init__(self, *, needed: str, size: tuple[int, int] | None = (3, 4)) -> None:
        pass


def test_a_parameter_without_default_is_shown_without():
    registry = mertk.Registry()
    mertk.Registrar(registry, "mine 1.0").aligner("plain", Plain, needs=["numpy"], paper="doi:1/2")
    page = reference_pages.format_reference_page("aligner", registry)
    assert "| `needed` |  | `str` |  |" in page
    assert "| `size` | `[3, 4]` | `tuple[int, int] | None` | width\\|height, in pixels. |" in page
    assert "Paper: [doi:1/2](https://doi.org/1/2). Needs: numpy. From: mine 1.0." in page


def test_literals_are_written_out():
    assert '| `weight` | `"mean"` | `"mean" | "sum"` |' in reference_pages.format_reference_page(
        "extractor", ENTRIES
    )


def test_the_card_of_a_component_stands_below_its_parameters():
    entry = next(entry for entry in ENTRIES if entry.kind == "spotter" and entry.card)
    section = reference_pages.format_reference_page("spotter", ENTRIES).split(f"## {entry.name}\n")[
        1
    ]
    assert all(item in section for item in (*entry.card.differs, *entry.card.unverified))
    differences = section.index("### Differences from the original, and why")
    assert section.index("| parameter |") < differences
