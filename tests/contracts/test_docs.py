"""The documentation is held to the code: what it names exists, what exists is named, and nothing names a machine.

Each check returns one line per fault, so that a failure says what to write; each has a made-up text that it must find.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.db import models

from foundation import access
from kpis import rules, schemes

ROOT = Path(__file__).resolve().parents[2]
FLOORS: list[str] = next(
    contract["layers"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "layers"
)
READMES = [ROOT / "README.md", ROOT / "README.ja.md"]
DOCS = [*READMES, ROOT / "CHANGELOG.md", ROOT / "NOTICE", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs").rglob("*.svg"))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"\bmanage(?:\.py)? ([a-z_]+)")
DOTTED = re.compile(rf"(?:{'|'.join(FLOORS)})(?:\.\w+)+")
FILE_PATH = re.compile(r"[\w.<>-]+(?:/[\w.<>-]*)+")
FILE_NAME = re.compile(r"[\w-]+\.(?:in|md|py|toml|txt|yml)")
MADE_WHEN_RUN = {"var", "staticfiles"}
PLACEHOLDER = re.compile(r"<\w+>")
SETTING = re.compile(r"""env\.\w+\(\s*"([A-Z_]+)"|os\.environ\.get\("([A-Z_]+)\"""")
SOMEBODYS_PATH = re.compile(r"(?<![\w.])(?:/home/|/root/|/Users/|/mnt/|/media/|~/|file://|[A-Z]:\\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


# --- the README's two commands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("readme", READMES, ids=name_of)
def test_first_two_fenced_blocks_are_the_two_commands(readme: Path) -> None:
    assert FENCED.findall(text_of(readme))[:2] == [("sh", "bin/start\n"), ("sh", "bin/test\n")]


@pytest.mark.parametrize("command", ["bin/start", "bin/test"])
def test_the_two_commands_are_programs(command: str) -> None:
    assert (ROOT / command).stat().st_mode & 0o111


# --- what the docs name exists ---------------------------------------------------------------------------------------


def has_file(path: str) -> bool:
    """A path of the repository, up to its first placeholder; a bare `access.py` is a file that some floor has."""
    known = PLACEHOLDER.split(path)[0]
    return (ROOT / known).exists() or any((ROOT / floor / known).exists() for floor in FLOORS)


def named_paths(text: str) -> list[str]:
    """Paths in backticks that begin at a top-level folder, and names of files."""
    return [words for words in CODE.findall(text) if FILE_NAME.fullmatch(words) or is_path(words)]


def is_path(words: str) -> bool:
    top = words.split("/")[0]
    return bool(FILE_PATH.fullmatch(words)) and top not in MADE_WHEN_RUN and (ROOT / top).is_dir()


def exists_in_python(dotted: str) -> bool:
    """A module, or what is reached from one by attributes: `kpis.services.ledger.settle`."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        if is_module(module):
            return length == len(parts) or reaches(import_module(module), parts[length:])
    return False


def is_module(dotted: str) -> bool:
    """Asked without running it: the settings of a server do not load here."""
    try:
        return find_spec(dotted) is not None
    except ModuleNotFoundError:
        return False


def exists_as_model(dotted: str) -> bool:
    """A model by its label, or a field or class of its own: `kpis.Submission.State`."""
    app, model, *rest = dotted.split(".")
    try:
        return reaches(apps.get_model(app, model), rest)
    except LookupError:
        return False


def reaches(found: Any, names: list[str]) -> bool:
    for name in names:
        if isinstance(found, type) and issubclass(found, models.Model):
            return hasattr(found, name) or name in {field.name for field in found._meta.get_fields()}
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True


def exists(dotted: str) -> bool:
    """A Python name, a model, or a declared action."""
    actions = {rule.action for rule in access.rules()}
    return dotted in actions or exists_in_python(dotted) or exists_as_model(dotted)


def unknown_names(text: str) -> list[str]:
    """Every path, name and command in a text that does not exist."""
    names = [words for words in CODE.findall(text) if DOTTED.fullmatch(words)]
    commands = get_commands().keys()
    return [
        *(f"no such file: {path}" for path in named_paths(text) if not has_file(path)),
        *(f"no such name: {name}" for name in names if not exists(name)),
        *(f"no such command: manage.py {name}" for name in COMMAND.findall(text) if name not in commands),
    ]


def dead_links(path: Path, text: str) -> list[str]:
    return [
        f"{path.name}: dead link {target}"
        for target in LINK.findall(text)
        if "://" not in target and not (path.parent / target).exists()
    ]


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_what_a_doc_names_exists(path: Path) -> None:
    assert unknown_names(text_of(path)) == []


@pytest.mark.parametrize("readme", READMES, ids=name_of)
def test_every_command_of_the_table_exists(readme: Path) -> None:
    rows = re.findall(r"^\| (`[a-z_]+[^|]*) \|", text_of(readme), re.MULTILINE)
    named = {words.split()[0] for row in rows for words in CODE.findall(row)} - {"drain", "verify"}
    assert "rollup" in named
    assert named - get_commands().keys() == set()


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert dead_links(path, text_of(path)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("see `kpis/nowhere.py`", "no such file: kpis/nowhere.py"),
        ("see `foundation.access.allow`", "no such name: foundation.access.allow"),
        ("see `kpis.Nothing`", "no such name: kpis.Nothing"),
        ("see `kpis.Submission.Mood`", "no such name: kpis.Submission.Mood"),
        ("run `manage.py rolldown verify`", "no such command: manage.py rolldown"),
    ],
)
def test_a_name_that_does_not_exist_is_found(text: str, fault: str) -> None:
    assert unknown_names(text) == [fault]


@pytest.mark.parametrize(
    "text",
    [
        "`kpis/rules.py`, `templates/<app>/<model>_<page>.html`, `kpis.rules.markdown_table`, `kpis.Submission.State`",
        "`kpis.Cell.reported`, `kpis.approve_measurement`, `foundation/sheets/`, `manage.py migrate`, `a/b`",
    ],
)
def test_a_name_that_exists_is_no_fault(text: str) -> None:
    assert unknown_names(text) == []


def test_a_dead_link_is_found() -> None:
    text = "[here](architecture.md), [there](nowhere.md#part), [abroad](https://example.jp/)"
    assert dead_links(ROOT / "docs" / "a.md", text) == ["a.md: dead link nowhere.md"]


# --- what exists is in the glossary ----------------------------------------------------------------------------------


def concrete_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in FLOORS]


def rows_of(text: str) -> dict[str, str]:
    """{what stands in backticks at the head of a table's line: the rest of the line}."""
    return {match[1]: match[2] for match in re.finditer(r"^\| `([\w.]+)` \|(.*)$", text, re.MULTILINE)}


def missing_models(found: list[type[models.Model]], text: str) -> list[str]:
    rows = rows_of(text)
    return [
        f"docs/glossary.md lacks: | `{model._meta.label}` | {model._meta.verbose_name} | … |"
        for model in found
        if f" {model._meta.verbose_name} |" not in rows.get(model._meta.label, "")
    ]


def choices_of_models() -> Iterator[tuple[str, type[Enum]]]:
    """Every choice nested in a model; one that several models share stands under the module that makes it."""
    for model in concrete_models():
        for name, value in vars(model).items():
            if isinstance(value, type) and issubclass(value, models.Choices):
                is_own = value.__qualname__ == f"{model.__name__}.{name}"
                yield f"{model._meta.label}.{name}" if is_own else f"{value.__module__}.{name}", value


def choices_of_rules() -> Iterator[tuple[str, type[Enum]]]:
    for module in (rules, schemes):
        for value in {each for each in vars(module).values() if isinstance(each, type)}:
            if issubclass(value, rules.Choice) and value.__module__ == module.__name__ and len(value):
                yield f"{module.__name__}.{value.__name__}", value


def missing_choices(found: dict[str, type[Enum]], text: str) -> list[str]:
    rows = rows_of(text)
    return [
        f"docs/glossary.md, `{name}`, lacks: `{member.value}` {member.label}"
        for name, enum in sorted(found.items())
        for member in enum
        if f"`{member.value}` {member.label}" not in rows.get(name, "")
    ]


def test_every_model_is_in_the_glossary_under_its_word() -> None:
    assert missing_models(concrete_models(), text_of(ROOT / "docs" / "glossary.md")) == []


def test_every_choice_is_in_the_glossary_with_its_words() -> None:
    assert (
        missing_choices(
            {**dict(choices_of_models()), **dict(choices_of_rules())}, text_of(ROOT / "docs" / "glossary.md")
        )
        == []
    )


def test_all_forty_terms_are_in_the_glossary() -> None:
    numbers = re.findall(r"^\| (\d+) \| ", text_of(ROOT / "docs" / "glossary.md"), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, 41))


def test_a_model_or_choice_without_its_word_is_found() -> None:
    indicator = apps.get_model("kpis", "Indicator")
    text = "| `kpis.Indicator` | 指標 | … |\n| `kpis.Indicator.Kind` | `measured` 直接入力 |\n"
    [lacking] = missing_models([indicator], text)
    assert "| KPI |" in lacking
    assert missing_choices({"kpis.Indicator.Kind": indicator.Kind}, text) == [
        "docs/glossary.md, `kpis.Indicator.Kind`, lacks: `rolled_up` 積上げ"
    ]


# --- tables that are printed from the code ---------------------------------------------------------------------------


def test_table_of_rules_is_current() -> None:
    assert text_of(ROOT / "docs" / "rules.md").endswith("\n\n" + rules.markdown_table())


def settings_read() -> set[str]:
    """Names that the settings and gunicorn's configuration read from the environment."""
    sources = [*sorted((ROOT / "portal" / "settings").glob("*.py")), ROOT / "deploy" / "gunicorn.conf.py"]
    return {name for path in sources for pair in SETTING.findall(text_of(path)) for name in pair if name}


def test_every_setting_is_in_the_operations_table() -> None:
    section = text_of(ROOT / "docs" / "operations.md").split("## Settings")[1].split("\n## ")[0]
    lines = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = {name for line in lines for name in CODE.findall(line)}
    assert told == settings_read() | {"DJANGO_SETTINGS_MODULE"}


def test_every_decision_is_listed_and_short() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text_of(folder / "README.md"))
    assert listed == [page.name for page in pages]
    assert [page.name for page in pages if len(text_of(page).splitlines()) > 30] == []


# --- nothing of a machine --------------------------------------------------------------------------------------------


def machine_paths(text: str) -> list[str]:
    """Where this copy lies, this machine's folder for temporary files, and anybody's home."""
    here = [str(ROOT), str(Path.home()), tempfile.gettempdir()]
    found = [place for place in here if re.search(rf"(?<![\w.]){re.escape(place)}(?![\w-])", text)]
    return found + SOMEBODYS_PATH.findall(text)


@pytest.mark.parametrize("path", [*DOCS, *PICTURES], ids=name_of)
def test_no_doc_names_a_path_of_a_machine(path: Path) -> None:
    assert machine_paths(text_of(path)) == []


@pytest.mark.parametrize("text", [str(ROOT / "docs"), "cd ~/portal", "/home/hanako/portal", "C:\\portal"])
def test_a_path_of_a_machine_is_found(text: str) -> None:
    assert machine_paths(text)


@pytest.mark.parametrize("text", ["/srv/portal/var", "/api/schema/", "docs/images"])
def test_a_path_of_the_portal_is_none(text: str) -> None:
    assert machine_paths(text) == []


@pytest.mark.parametrize("picture", PICTURES, ids=name_of)
def test_a_picture_tells_in_words_what_it_shows(picture: Path) -> None:
    space = "{http://www.w3.org/2000/svg}"
    drawing = ElementTree.fromstring(text_of(picture))  # noqa: S314 (our own file)
    assert drawing.findtext(f"{space}title")
    assert drawing.findtext(f"{space}desc")
