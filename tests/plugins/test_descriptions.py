"""What class docstrings say of parameters: entries, bases, and descriptions that stand elsewhere."""

import pytest

from mertk.plugins.descriptions import describe_parameters, parse_arguments

HERE = __name__


class Base:
    """A base.

    Args:
        size: side, in pixels,
            1 or more.
        rows, cols: number of blocks.
        lost: only the base knows it.
    """


class Own(Base):
    """One that says some things anew.

    Args:
        size: side, in metres.
    """


class Silent(Own):
    pass


class Refers:
    __doc__ = f"""One whose parameters are described elsewhere.

    Args:
        size: see `{HERE}.Silent`.
        unknown: see `{HERE}.Silent`.
        nowhere: see `{HERE}.Nobody`.
        no_module: see `no_such_package.module.Name`.
        rows: see `{HERE}.Silent` for more.
    """


class Twice:
    __doc__ = f"""One that refers to one that refers.

    Args:
        size: see `{HERE}.Refers`.
    """


@pytest.mark.parametrize(
    ("docstring", "found"),
    [
        ("", {}),
        ("Says nothing of `Args: a`.", {}),
        ("Sum.\n\nArgs:\n    a: b: c.", {"a": "b: c."}),
        (
            "Sum.\n\n    Args:\n        a: one\n            two.\n        b: c.\n    ",
            {"a": "one two.", "b": "c."},
        ),
        ("Sum.\n\nArgs:\n    a (int, optional): one.", {"a": "one."}),
        (
            "Sum.\n\nArgs:\n    a, b: one\n        two.\n    **rest: many.",
            {"a": "one two.", "b": "one two.", "**rest": "many."},
        ),
        ("Sum.\n\nArgs:\n    a:\n        below.\n\n    b: c.", {"a": "below.", "b": "c."}),
        ("Sum.\n\nArgs:\n    a: one.\n\nRaises:\n    Error: where it fails.", {"a": "one."}),
        ("Sum.\n\nArgs:\n    a:\n", {"a": ""}),
        ("Sum.\n\nArgs:\n    no entry at all\n        more of it\n    a: one.", {"a": "one."}),
    ],
)
def test_entries_of_the_section(docstring, found):
    assert parse_arguments(docstring) == found


def test_a_class_inherits_what_it_does_not_describe():
    expected = {
        "size": "side, in metres.",
        "rows": "number of blocks.",
        "cols": "number of blocks.",
        "lost": "only the base knows it.",
    }
    assert describe_parameters(Own) == describe_parameters(Silent) == expected


def test_a_description_stands_in_one_place_and_what_leads_nowhere_is_empty():
    assert describe_parameters(Refers) == {
        "size": "side, in metres.",
        "unknown": "",
        "nowhere": "",
        "no_module": "",
        "rows": f"see `{HERE}.Silent` for more.",
    }
    assert describe_parameters(Twice) == {"size": "side, in metres."}


def test_functions_have_descriptions_too():
    assert describe_parameters(parse_arguments) == {
        "docstring": "as it stands in the source, with its indentation."
    }
    assert describe_parameters(int) == {}
