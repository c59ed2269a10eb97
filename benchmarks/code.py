"""How the product reads, in figures: lines, one-word function names, comprehensions.

python -m benchmarks.code
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("mertk", "plugins")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
INTERFACE = {  # verbs that an interface or a library prescribes, not names of ours
    "align", "command", "explain", "extract", "fit", "forward", "fuse", "index", "label", "locate",
    "module", "predict", "score", "splits", "spot",
}  # fmt: skip


def main() -> None:
    """Print one line a figure."""
    lines = skipped = comprehensions = nested = 0
    one_word: list[str] = []
    names = 0
    for part in PARTS:
        for file in sorted((ROOT / part).rglob("*.py")):
            text = file.read_text("utf-8")
            lines += len(text.splitlines())
            skipped += text.count("# fmt: skip")
            tree = ast.parse(text)
            for node in ast.walk(tree):
                if isinstance(node, COMPREHENSIONS):
                    comprehensions += 1
                    inside = [n for n in ast.walk(node) if n is not node]
                    nested += any(isinstance(n, COMPREHENSIONS) for n in inside)
                elif isinstance(node, ast.FunctionDef) and is_counted(node):
                    names += 1
                    if "_" not in node.name.strip("_"):
                        one_word.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}")
    print(f"lines of Python in {' and '.join(PARTS)}: {lines:,}")
    print(f"functions with one-word names: {len(one_word)} of {names}, {len(one_word) / names:.0%}")
    print(f"comprehensions per 1,000 lines: {1000 * comprehensions / lines:.1f}")
    print(f"comprehensions with another inside: {nested}")
    print(f"fmt: skip: {skipped}")


def is_counted(node: ast.FunctionDef) -> bool:
    """Whether a function's name is ours to choose: no dunder, property or prescribed verb."""
    decorators = {getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list}
    if decorators & {"property", "cached_property", "setter"}:
        return False
    return not node.name.startswith("__") and node.name not in INTERFACE


if __name__ == "__main__":
    main()
