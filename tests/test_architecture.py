"""The tree shows the architecture: layers, sizes, names; nothing that could run code on load."""

import ast
import configparser
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import truerisk as tr

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lib" / "truerisk"

# A module may import those below it; each folder is one layer. CONTRIBUTING.md has the list.
DRAWN = re.search(r"```text\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.S)
LAYERS: list[list[str]] = []  # the lowest first
ONLY: dict[str, set[str]] = {}  # what may import these few, and nothing else below it
for line in reversed(DRAWN[1].strip().splitlines() if DRAWN else []):
    drawn, _, about = line.strip().partition("   ")
    LAYERS.append([name.strip("/") for name in drawn.split()])
    if few := re.search(r"imports ([a-z, ]+) only$", about):
        ONLY[LAYERS[-1][0]] = set(few[1].split(", "))
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


@cache
def nodes(source: str) -> list[ast.AST]:
    """A module and every statement in it; many tests look at the same ones."""
    found: list[ast.AST] = [ast.parse(source)]
    for node in found:
        for part in ("body", "orelse", "handlers", "finalbody", "cases"):
            found += getattr(node, part, [])
    return found


def imported(source: str) -> Iterator[str]:
    """The dotted names that a module imports, also inside functions."""
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


def layer(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def upward(layer_name: str, source: str) -> list[str]:
    """Imports of a module in ``layer_name`` that do not point down."""
    found = []
    for name in imported(source):
        if not name.startswith("truerisk."):
            continue
        other = name.split(".")[1]
        if layer_name in ONLY:
            allowed = other in ONLY[layer_name] | {layer_name}
        else:
            allowed = other == layer_name or LEVEL[other] < LEVEL[layer_name]
        if not allowed:
            found.append(name)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_imports_point_down(path: Path) -> None:
    if path != LIBRARY / "__init__.py":
        assert upward(layer(path), path.read_text()) == []


def test_the_layering_test_can_fail() -> None:
    assert upward("lake", "from truerisk.models.package import load") == ["truerisk.models.package"]
    assert upward("measurement", "import truerisk.lake.lake") == ["truerisk.lake.lake"]
    assert upward("measurement", "from truerisk.errors import LogError") == []


def test_the_house_is_as_drawn() -> None:
    there = {layer(path) for path in modules()} - {"__init__"}
    assert set(LEVEL) == there and len(LEVEL) == sum(map(len, LAYERS))
    assert set(ONLY) == {"measurement", "simulator", "problem", "statistics"}
    assert set().union(*ONLY.values()) <= there
    row = re.search(r"^\| `lib/truerisk/` \| `([^`]+)`", (ROOT / "README.md").read_text(), re.M)
    assert row and row[1].split(" → ") == [name for names in LAYERS for name in names]


def test_no_module_imports_itself_by_a_detour() -> None:
    dotted = {
        ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts): path for path in modules()
    }
    graph: dict[str, set[str]] = {}
    for name, path in dotted.items():
        graph[name] = set()
        for node in nodes(path.read_text()):
            if isinstance(node, ast.ImportFrom) and name != "truerisk.__init__":
                targets = {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
                graph[name] |= targets & dotted.keys()
    assert len(list(TopologicalSorter(graph).static_order())) == len(dotted)


def test_tests_mirror_the_library() -> None:
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    assert [f for f in folders if f.parts[:1] != ("flows",) and not (LIBRARY / f).is_dir()] == []


def test_only_flow_knows_metaflow() -> None:
    users = {
        layer(path)
        for path in modules()
        if any(name.split(".")[0] == "metaflow" for name in imported(path.read_text()))
    }
    assert users == {"flow"}


def test_nothing_imports_pickle() -> None:
    for path in modules():
        names = {name.split(".")[0] for name in imported(path.read_text())}
        assert not names & {"pickle", "joblib", "dill", "cloudpickle"}, path


def test_files_hold_one_idea() -> None:
    for path in modules():
        assert len(path.read_text().splitlines()) <= 300, path
        assert ast.get_docstring(nodes(path.read_text())[0]), path  # type: ignore[arg-type]
        assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}


PROBLEMS = {path.stem for path in (ROOT / "problems").glob("*.toml")}


def asked_by_name(source: str) -> list[str]:
    """Where a module asks which problem it is: a text that is a problem's name, unless it stands in
    a list of words, and `problem.name` beside a constant."""
    named = rf"['\"]({'|'.join(PROBLEMS)})['\"]|[=!]= \S*problem\.name|problem\.name (=|!|in|not)"
    if not re.search(named, source):
        return []  # most modules: reading them as text is quicker
    tree = ast.parse(source)
    words = {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple | ast.Set)
        for word in node.elts
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            words -= set(ast.walk(node))
            sides = [node.left, *node.comparators]
            asks = any(re.search(r"\bproblem\.name$", ast.unparse(side)) for side in sides)
            constant = (s.id for s in sides if isinstance(s, ast.Name) and s.id.isupper())
            found += [*constant] if asks else []
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n not in words)
    return found + [node.value for node in texts if node.value in PROBLEMS]


def test_no_code_asks_which_problem_it_is() -> None:
    """A problem is its file: only worlds and demos are made for one."""
    for path in modules():
        if layer(path) not in ("simulator", "demo"):
            assert asked_by_name(path.read_text()) == [], path
    for path in (ROOT / "flows").glob("*.py"):
        assert asked_by_name(path.read_text()) == [], path


def test_the_test_of_problem_names_can_fail() -> None:
    assert {"credit", "lending_club"} <= PROBLEMS
    asks = 'if problem.name == "credit":\n    pass'
    assert asked_by_name(asks) == ["credit"]
    assert asked_by_name('match name:\n    case "lending_club": pass') == ["lending_club"]
    assert asked_by_name('if problem.name in ("credit", "fraud"):\n    pass') == ["credit", "fraud"]
    assert asked_by_name("if self.problem.name in MINE:\n    pass") == ["MINE"]
    assert asked_by_name('MONEY = {"credit": 1}') == ["credit"]
    assert asked_by_name('WORDS = ["fraud", "default"]\nrows["problem"] == problem.name') == []
    assert asked_by_name('"""About credit."""\nx = "credit losses"  # credit') == []


def test_flows_are_thin() -> None:
    for path in (ROOT / "flows").glob("*.py"):
        source = path.read_text()
        assert len(source.splitlines()) <= 80, path
        assert not {"pandas", "numpy"} & set(imported(source)), path
        for node in nodes(source):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert ast.get_docstring(node), f"{path}: {node.name}"


def test_public_names() -> None:
    assert tr.__all__ == [
        "Answer",
        "Attachments",
        "Changes",
        "Flagging",
        "Lake",
        "Problem",
        "Reading",
        "TrueriskError",
        "acted",
        "approve",
        "build_dataset",
        "build_features",
        "catch_rate",
        "commit",
        "contested",
        "contests",
        "decide",
        "decide_and_commit",
        "decide_contest",
        "decision_log",
        "describe",
        "drift",
        "evidence",
        "fairness",
        "find_new_files",
        "fit",
        "give_verdict",
        "give_verdicts",
        "ingest",
        "load_problem",
        "measure",
        "measure_ledger",
        "notice",
        "online",
        "open_contest",
        "open_lake",
        "plan_batch",
        "predictability",
        "preview",
        "queue",
        "read_ledger",
        "registry",
        "review",
        "score",
        "split",
        "submit",
        "uplift",
        "verify_evidence",
        "vintages",
        "watch",
        "worth",
        "write_evidence",
    ]
    for name, public in offered():
        assert public.__doc__, f"{name} has no docstring"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        tr.nothing  # noqa: B018


def offered() -> Iterator[tuple[str, Any]]:
    """Every public name with what it is, those of the named submodules too."""
    for name in tr.__all__:
        yield name, (public := getattr(tr, name))
        if isinstance(public, ModuleType):
            assert public.__all__ == sorted(public.__all__)
            yield from ((f"{name}.{own}", getattr(public, own)) for own in public.__all__)


def defined(kind: type) -> Iterator[tuple[str, Any]]:
    for path in sorted(LIBRARY.rglob("*.py")):
        for node in nodes(path.read_text()):
            if isinstance(node, kind):
                yield str(path.relative_to(LIBRARY)), node


def test_a_dataclass_of_five_or_more_fields_is_made_by_name() -> None:
    """A new field in the middle must not give the ones behind it another's value."""
    made = 0
    for path, node in defined(ast.ClassDef):
        for how in (d for d in node.decorator_list if "dataclass" in ast.unparse(d)):
            fields = sum(isinstance(line, ast.AnnAssign) for line in node.body)
            made += fields >= 5
            assert fields < 5 or "kw_only=True" in ast.unparse(how), f"{path}: {node.name}"
    assert made > 50


def test_no_function_takes_more_than_seven_arguments() -> None:
    for path, node in defined(ast.FunctionDef):
        every = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        own = [name for name in every if name not in ("self", "cls")]
        if path not in ("commands/catalog.py", "commands/policy.py"):  # options, to Typer
            assert len(own) <= 7, f"{path}: {node.name}"


def test_options_that_belong_together_are_an_object() -> None:
    for name, public in offered():
        if inspect.isfunction(public):
            assert len(inspect.signature(public).parameters) <= 7, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "may"),
    [
        ("truerisk", set()),
        ("truerisk.cli", set()),
        ("truerisk.flow", set()),
        ("truerisk.problem.load", {"pydantic", "duckdb"}),
        ("truerisk.registry.approval", {"pydantic", "duckdb", "deltalake", "pyarrow", "numpy"}),
        (
            "truerisk.decisions.decide",
            {"pydantic", "duckdb", "deltalake", "pyarrow", "numpy", "pandas"},
        ),
    ],
)
def test_what_every_process_imports_starts_in_no_time(module: str, may: set[str]) -> None:
    """What is done is imported when it is done: neither `--help` nor a flow's last step waits."""
    tables = {"pandas", "numpy", "pyarrow", "duckdb", "deltalake"}
    heavy = (tables | {"scipy", "catboost", "sklearn", "pydantic"}) - may
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_dependency_is_pinned() -> None:
    pinned = {
        re.split(r"[=\[]", line)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    setup = (ROOT / "setup.cfg").read_text()
    named = re.findall(r"^    ([a-z][\w\-]*)(?:\[\w+\])?>=", setup, re.M)
    assert len(named) > 15
    assert [name for name in named if name.lower() not in pinned] == []


def test_every_extra_that_a_message_names_exists() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    texts = [p.read_text() for p in LIBRARY.rglob("*.py")]
    named = {extra for text in texts for extra in re.findall(r"truerisk\[(\w+)\]", text)}
    assert named and named <= set(setup["options.extras_require"])
