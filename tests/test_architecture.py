"""The picture of the rooms is drawn from the imports as they are, and no arrow goes up."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("rooms", ROOT / "docs" / "rooms.py")
rooms = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(rooms)


def test_the_picture_is_up_to_date():
    assert rooms.PICTURE.read_text("utf-8") == rooms.draw(), "run: python docs/rooms.py"


def test_an_arrow_between_rooms_goes_down_only():
    names = rooms.read_rooms()
    for at, room in enumerate(names):
        running, _ = rooms.find_uses(room, names)
        assert running <= set(names[at + 1 :]), f"{room} imports {running & set(names[:at])}"


def test_only_rooms_stand_at_the_top():
    known = {*rooms.read_rooms(), "__init__.py", "__main__.py", "py.typed"}
    found = {path.name for path in (ROOT / "mertk").iterdir() if path.name != "__pycache__"}
    assert found == known


def test_every_file_that_the_page_names_is_there():
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`((?:mertk|plugins|tests|docs|benchmarks)/[\w./]*|\.importlinter)`", page)
    assert len(named) > 20
    for name in named:
        assert (ROOT / name).exists(), f"{name} is not there"
