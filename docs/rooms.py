"""Draws the rooms of mertk from its imports: `python docs/rooms.py` writes docs/assets/rooms.svg.

Rooms stand in the order of `.importlinter`. A dot in a room's row says that it imports the room of
the column. All dots are right of the diagonal, since an arrow goes down only; a ring is an import
for type checkers alone, which does not count.
"""

from __future__ import annotations

import ast
import configparser
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "assets" / "rooms.svg"

ROW, TOP, LEFT, CELL = 34, 120, 520, 26


def read_rooms() -> list[str]:
    """The rooms from top to bottom, as the layers are written down for import-linter."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter", encoding="utf-8")
    layers = config["importlinter:contract:rooms"]["layers"].split()
    return [layer.removeprefix("mertk.") for layer in layers]


def read_purpose(room: str) -> str:
    """The first line of a room's docstring."""
    tree = ast.parse((ROOT / "mertk" / room / "__init__.py").read_text("utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def find_uses(room: str, rooms: list[str]) -> tuple[set[str], set[str]]:
    """The rooms that a room imports while it runs, and those that it imports for types alone."""
    running: set[str] = set()
    typing: set[str] = set()
    for file in (ROOT / "mertk" / room).rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for_types = _imports_for_types(tree)
        for node in ast.walk(tree):
            for name in _imported(node):
                parts = name.split(".")
                if parts[0] == "mertk" and len(parts) > 1 and parts[1] in rooms:
                    (typing if node in for_types else running).add(parts[1])
    return running - {room}, typing - running - {room}


def _imports_for_types(tree: ast.Module) -> set[ast.AST]:
    """The nodes below `if TYPE_CHECKING:`."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.update(ast.walk(node))
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def draw() -> str:
    """The picture as the text of an SVG."""
    rooms = read_rooms()
    width, height = LEFT + CELL * len(rooms) + 20, TOP + ROW * len(rooms) + 20
    size = f'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        "<title>The rooms of mertk, and which imports which</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    legend = ("A dot: the room of the row imports that of the column.", "A ring: for types alone.")
    for at, line in enumerate(legend):
        parts.append(f'<text x="20" y="{40 + 20 * at}" fill="#333">{line}</text>')
    for at, room in enumerate(rooms):
        x, y = LEFT + CELL * at + CELL / 2, TOP + ROW * at
        parts.append(
            f'<text transform="translate({x + 4:g} {TOP - 10}) rotate(-60)" fill="#333">'
            f"{escape(room)}</text>"
        )
        parts.append(
            f'<rect x="10" y="{y + 2}" width="{LEFT - 20}" height="{ROW - 4}" rx="5" '
            'fill="#eef3fa" stroke="#b6c6dd"/>'
        )
        parts.append(
            f'<text x="20" y="{y + 15}" font-weight="600" fill="#123">{escape(room)}</text>'
            f'<text x="20" y="{y + 28}" fill="#345" font-size="10.5">'
            f"{escape(read_purpose(room))}</text>"
        )
        running, typing = find_uses(room, rooms)
        for column, other in enumerate(rooms):
            cx, cy = LEFT + CELL * column + CELL / 2, y + ROW / 2
            if other == room:
                parts.append(
                    f'<rect x="{cx - 6:g}" y="{cy - 6:g}" width="12" height="12" fill="#b6c6dd"/>'
                )
            elif other in running:
                parts.append(f'<circle cx="{cx:g}" cy="{cy:g}" r="5" fill="#1f5fa8"/>')
            elif other in typing:
                parts.append(f'<circle cx="{cx:g}" cy="{cy:g}" r="4" fill="none" stroke="#9ab"/>')
            else:
                parts.append(f'<circle cx="{cx:g}" cy="{cy:g}" r="1" fill="#ccd"/>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
