"""The floors hold where import-linter cannot look: names in strings, migrations, templates.

The order comes from the `layers` contract in pyproject.toml. Each check reads the tree as text and returns one line
per arrow that runs up; each has a test on a made-up tree proving that it can fail.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FLOORS: list[str] = next(
    contract["layers"]
    for contract in tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "layers"
)

# Pages of the accounts packages are drawn by actors; whatever every page shares lies on the ground.
TEMPLATE_FLOORS = {
    **dict.fromkeys(("account", "allauth", "mfa", "usersessions"), "actors"),
    **dict.fromkeys(("components", "django", "layouts"), "foundation"),
}

_ANY_FLOOR = "|".join(FLOORS)
MODEL_NAME = re.compile(rf"({_ANY_FLOOR})\.[A-Z]\w*")
MODULE_PATH = re.compile(rf"({_ANY_FLOOR})(\.\w+)*")
LOAD = re.compile(r"{%-?\s*load\s+(.+?)\s*-?%}")
INCLUDE = re.compile(r"""{%-?\s*(?:include|extends)\s+["'](\w+)/""")

Check = Callable[[Path], list[str]]
Found = tuple[int, str, str]  # line, floor pointed at, the words that do


def runs_up(source: str, target: str) -> bool:
    return FLOORS.index(target) < FLOORS.index(source)


def upward(root: Path, path: Path, floor: str, found: Iterator[Found]) -> list[str]:
    return [
        f"{path.relative_to(root)}:{line}: {floor} may not know {target} ({words})"
        for line, target, words in found
        if runs_up(floor, target)
    ]


def modules(root: Path, *, migrations: bool) -> Iterator[tuple[str, Path, ast.Module]]:
    """Every Python file below a floor, parsed; either the migrations or all the rest."""
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            if ("migrations" in path.parts) == migrations:
                yield floor, path, ast.parse(path.read_text("utf-8"))


def text_of(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def first_text(node: ast.Call) -> str:
    return text_of(node.args[0]) if node.args else ""


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


# --- (a) names of models in strings ---------------------------------------------------------------------------------


def named_models(tree: ast.Module) -> Iterator[Found]:
    """`"kpis.Indicator"` wherever it stands, and `get_model("kpis", "Indicator")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and (match := MODEL_NAME.fullmatch(text_of(node))):
            yield node.lineno, match[1], match[0]
        if isinstance(node, ast.Call) and called(node) == "get_model" and first_text(node) in FLOORS:
            yield node.lineno, first_text(node), "get_model"


def model_names_running_up(root: Path) -> list[str]:
    return [
        line
        for floor, path, tree in modules(root, migrations=False)
        for line in upward(root, path, floor, named_models(tree))
    ]


# --- (b) migrations -------------------------------------------------------------------------------------------------


def listed_migrations(node: ast.Assign) -> Iterator[Found]:
    """The pairs in `dependencies = […]` and `run_before = […]`."""
    if {getattr(target, "id", "") for target in node.targets} & {"dependencies", "run_before"}:
        for pair in ast.walk(node.value):
            if isinstance(pair, ast.Tuple) and (app := text_of(pair.elts[0])) in FLOORS:
                yield pair.lineno, app, f"migration {text_of(pair.elts[1])}"


def migration_arrows(tree: ast.Module) -> Iterator[Found]:
    """Dependencies, `run_before`, the swappable user, and the targets of relations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from listed_migrations(node)
        if isinstance(node, ast.Call) and called(node) == "swappable_dependency":
            yield node.lineno, "actors", "swappable_dependency"
        if isinstance(node, ast.keyword) and node.arg in {"to", "through"}:
            app, _, model = text_of(node.value).partition(".")
            if app in FLOORS:
                yield node.value.lineno, app, f"{node.arg} {app}.{model}"


def migrations_running_up(root: Path) -> list[str]:
    return [
        line
        for floor, path, tree in modules(root, migrations=True)
        for line in upward(root, path, floor, migration_arrows(tree))
    ]


# --- (c) templates --------------------------------------------------------------------------------------------------


def tag_libraries(root: Path) -> dict[str, str]:
    """Library name → the floor that brings it; libraries of packages are not in it."""
    return {
        path.stem: floor
        for floor in FLOORS
        for path in (root / floor).glob("templatetags/*.py")
        if path.stem != "__init__"
    }


def floor_of_template(path: Path, templates: Path) -> str:
    """The folder's floor; pages at the top (404 and the like) and folders of no app are the roof's."""
    folder = path.relative_to(templates).parts[0]
    return TEMPLATE_FLOORS.get(folder, folder if folder in FLOORS else FLOORS[0])


def loaded_libraries(words: str) -> list[str]:
    """`load a b` loads a and b; `load tag from a` loads a."""
    return words.split(" from ")[-1].split()


def template_arrows(text: str, libraries: dict[str, str]) -> Iterator[Found]:
    for number, line in enumerate(text.splitlines(), 1):
        for words in LOAD.findall(line):
            for library in loaded_libraries(words):
                if library in libraries:
                    yield number, libraries[library], f"load {library}"
        for folder in INCLUDE.findall(line):
            if folder in FLOORS or folder in TEMPLATE_FLOORS:
                yield number, TEMPLATE_FLOORS.get(folder, folder), f"uses a template of {folder}/"


def templates_running_up(root: Path) -> list[str]:
    templates, libraries = root / "templates", tag_libraries(root)
    return [
        line
        for path in sorted(templates.rglob("*.*"))
        if path.suffix in {".html", ".txt"}
        for line in upward(
            root,
            path,
            floor_of_template(path, templates),
            template_arrows(path.read_text("utf-8"), libraries),
        )
    ]


# --- (d) imports, wherever they hide --------------------------------------------------------------------------------


def imported_paths(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.lineno, node.module or ""
    elif isinstance(node, ast.Call) and called(node) in {"import_module", "import_string", "__import__"}:
        yield node.lineno, first_text(node)


def import_arrows(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        for line, path in imported_paths(node):
            if match := MODULE_PATH.fullmatch(path):
                yield line, match[1], f"imports {path}"


def imports_running_up(root: Path) -> list[str]:
    return [
        line
        for floor, path, tree in modules(root, migrations=False)
        for line in upward(root, path, floor, import_arrows(tree))
    ]


# --- the tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "check", [model_names_running_up, migrations_running_up, templates_running_up, imports_running_up]
)
def test_nothing_points_to_a_floor_above(check: Check) -> None:
    assert check(REPOSITORY) == []


def test_every_app_of_the_project_stands_on_a_floor() -> None:
    assert {path.parent.name for path in REPOSITORY.glob("*/apps.py")} <= set(FLOORS)


MADE_UP = [
    (
        model_names_running_up,
        "actors/models.py",
        'post = models.ForeignKey("kpis.Indicator", models.PROTECT)',
        "kpis",
    ),
    (model_names_running_up, "kpis/models.py", 'class A:\n    m = M2M(to="visions.Theme")', "visions"),
    (
        model_names_running_up,
        "kpis/x.py",
        'def f():\n    return apps.get_model("projects", "Project")',
        "projects",
    ),
    (
        migrations_running_up,
        "kpis/migrations/0001_a.py",
        'dependencies = [("visions", "0001_initial")]',
        "visions",
    ),
    (
        migrations_running_up,
        "foundation/migrations/0002_a.py",
        'run_before = [("actors", "0001_initial")]',
        "actors",
    ),
    (migrations_running_up, "foundation/migrations/0003_a.py", "d = [swappable_dependency(USER)]", "actors"),
    (
        migrations_running_up,
        "actors/migrations/0002_a.py",
        'f = ForeignKey(to="ecosystems.forum")',
        "ecosystems",
    ),
    (templates_running_up, "templates/ecosystems/forum_detail.html", "{% load i18n figures %}", "kpis"),
    (templates_running_up, "templates/layouts/site.html", "{% load grade from figures %}", "kpis"),
    (
        templates_running_up,
        "templates/actors/post_list.html",
        '{% include "visions/_row.html" only %}',
        "visions",
    ),
    (imports_running_up, "kpis/services.py", "def f():\n    from visions.models import Theme", "visions"),
    (imports_running_up, "kpis/services.py", 'def f():\n    import_module("portal.home")', "portal"),
    (imports_running_up, "foundation/x.py", "if TYPE_CHECKING:\n    import actors.models", "actors"),
]


def lay(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")


@pytest.mark.parametrize(("check", "name", "text", "target"), MADE_UP)
def test_an_arrow_that_runs_up_is_found(
    check: Check, name: str, text: str, target: str, tmp_path: Path
) -> None:
    lay(tmp_path, "kpis/templatetags/figures.py", "")
    lay(tmp_path, name, text)
    [line] = check(tmp_path)
    assert line.startswith(f"{name}:")
    assert f"may not know {target} " in line


@pytest.mark.parametrize(
    ("check", "name", "text"),
    [
        (model_names_running_up, "kpis/models.py", 'a = FK("actors.Post")\nb = FK("kpis.Indicator")'),
        (
            migrations_running_up,
            "kpis/migrations/0001_a.py",
            'd = [("actors", "0001_a"), ("kpis", "0001_b")]',
        ),
        (
            templates_running_up,
            "templates/visions/vision_detail.html",
            '{% load figures %}{% include "kpis/_a.html" %}',
        ),
        (templates_running_up, "templates/404.html", '{% load figures %}{% extends "layouts/site.html" %}'),
        (imports_running_up, "portal/home.py", "from kpis.selectors import scorecard\nimport foundation"),
    ],
)
def test_an_arrow_that_runs_down_or_sideways_is_none(
    check: Check, name: str, text: str, tmp_path: Path
) -> None:
    lay(tmp_path, "kpis/templatetags/figures.py", "")
    lay(tmp_path, name, text)
    assert check(tmp_path) == []
