"""The one-way rule: `kg` imports neither `ingest` nor `search_api`; those two import `kg`, never each other.

The command line (gvpp.py) may import all three, so none of them may import it. Files are read, not run: an import that
stands in a function or behind a condition counts like any other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

FORBIDDEN = {
    "kg": {"ingest", "search_api", "gvpp"},
    "ingest": {"search_api", "gvpp"},
    "search_api": {"ingest", "gvpp"},
}
DYNAMIC = {"import_module", "__import__", "find_spec", "run_module"}


def absolute(module: str, level: int, package: str) -> str:
    """Full name of a module that a file of `package` names with `level` leading dots."""
    if not level:
        return module
    parts = package.split(".")
    return ".".join([*parts[: max(len(parts) - level + 1, 0)], *filter(None, [module])])


def imported(code: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and full module name of every import in `code`, a file of `package` ("kg", "kg.sub")."""
    tree = ast.parse(code)
    computed = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node.module or "", node.level, package)
            yield node.lineno, source
            yield from ((node.lineno, f"{source}.{alias.name}".lstrip(".")) for alias in node.names)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in DYNAMIC and node.args:
                target = node.args[0]
                if isinstance(target, ast.Constant) and isinstance(target.value, str):
                    dotless = target.value.lstrip(".")
                    yield node.lineno, absolute(dotless, len(target.value) - len(dotless), package)
                else:
                    computed = True
    if computed:  # the name is put together at run time: any text that looks like a module may be it
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z_]+(\.\w*)*", node.value):
                yield node.lineno, node.value


def violations(code: str, package: str) -> list[str]:
    """What a file of `package` imports against the rule, as "line: module"."""
    forbidden = FORBIDDEN[package.split(".")[0]]
    return sorted({f"{line}: {module}" for line, module in imported(code, package) if module.split(".")[0] in forbidden})


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_import_in_one_direction_only(repository: Path, package: str) -> None:
    files = sorted((repository / package).rglob("*.py"))
    assert files, f"{package}/ holds no module: was it renamed?"
    broken = [
        f"{file.relative_to(repository)}:{violation}"
        for file in files
        for violation in violations(file.read_text("utf-8"), ".".join(file.relative_to(repository).parent.parts))
    ]
    assert not broken, "imports against the one-way rule:\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("kg", "import ingest"),
        ("kg", "import os, search_api.http as http"),
        ("kg", "from ingest.pipeline import run"),
        ("kg", "from .. import ingest"),
        ("kg.sub", "from ...search_api import http"),
        ("kg", "def later():\n    from search_api import http"),
        ("kg", "if TYPE_CHECKING:\n    import ingest"),
        ("kg", "import importlib\nimportlib.import_module('ingest.pdf')"),
        ("kg", "from importlib import import_module\nimport_module('..ingest', __package__)"),
        ("kg", "__import__('search_api')"),
        ("kg", "NAMES = {'pdf': 'ingest.pdf'}\nimportlib.import_module(NAMES['pdf'])"),
        ("kg", "importlib.import_module(f'ingest.{name}')"),
        ("ingest", "import search_api"),
        ("search_api", "from ingest import pipeline"),
        ("search_api", "from gvpp import main"),
    ],
)
def test_a_forbidden_import_is_found(package: str, code: str) -> None:
    assert violations(code, package)


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("kg", "from kg.model import Source"),
        ("kg.sub", "from .. import model\nfrom . import other"),
        ("kg", "import ingestion\nTEXT = 'search_api'"),
        ("ingest", "from kg import names\nimportlib.import_module('kg.store')"),
        ("search_api", "from .ingest import something"),
    ],
)
def test_an_allowed_import_is_not_reported(package: str, code: str) -> None:
    assert violations(code, package) == []
