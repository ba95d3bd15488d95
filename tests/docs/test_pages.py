"""Every block of code on the pages runs, in the order of its page, in a folder of its own.

Python blocks share their names down a page; one that has ``>>>`` is held to what it prints. Of
console blocks the lines ``$ spinspike …`` are run. A comment before a block or page says more:

    <!-- exit 3 -->                     the last command of the block ends so, instead of 0
    <!-- not run: why -->               the block is left alone
    <!-- needs network.h5 graph.h5 -->  the page starts with these files, from a small training
"""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import typer

import spinspike
from spinspike.cli.main import app, main

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?:<!-- (?P<note>[^>]*) -->\n)?^```(?P<kind>python|console|pycon|bash|sh)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
NEEDS = re.compile(r"<!-- needs (?P<files>[^>]*) -->")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<target>[^)#]+)[^)]*\)")
WRITTEN = ("api", "commands.md")  # by the build, of the code


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    kind: str
    text: str
    note: str

    @property
    def runs(self) -> bool:
        return not self.note.startswith("not run: ")


def pages() -> list[Path]:
    """All that is written by hand, README and CONTRIBUTING among it."""
    own = (ROOT / "docs").rglob("*.md")
    found = [p for p in own if not set(WRITTEN) & set(p.relative_to(ROOT).parts)]
    return sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found])


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(m["kind"], m["text"], m["note"] or "") for m in FENCE.finditer(text)]


def commands(text: str) -> list[str]:
    """What stands behind the prompts; a backslash at its end goes on in the next line."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


PAGES = pages()
WITH_CODE = [page for page in PAGES if any(block.runs for block in blocks(page))]


def run(arguments: list[str]) -> int:
    """The program in this process, by its arguments; its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", arguments)
        try:
            main()
        except SystemExit as left:
            return int(left.code or 0)
    pytest.fail("the program did not exit")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network and its graph, as docs/howto/index.md makes them."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in commands(blocks(ROOT / "docs" / "howto" / "index.md")[0].text):
            assert run(shlex.split(line)) == 0
    return folder


@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_all_code_of_a_page_runs(
    page: Path,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    if needs := NEEDS.search(page.read_text(encoding="utf-8")):
        for name in needs["files"].split():
            shutil.copy(made / name, tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if not block.runs:
            continue
        if block.kind == "python":
            execute(block.text, names, named(page))
            continue
        meant = int(block.note.removeprefix("exit ")) if block.note.startswith("exit ") else 0
        lines = commands(block.text)
        for line in lines:
            typed, _, file = line.partition(" > ")
            arguments = shlex.split(typed, comments=True)
            assert arguments[0] == "spinspike", f"say why it is not run: {line}"
            capsys.readouterr()
            code = run(arguments)
            said = capsys.readouterr()
            assert code == (meant if line == lines[-1] else 0), f"{line}\n{said.out}{said.err}"
            if file:
                Path(file.strip()).write_text(said.out)


def execute(text: str, names: dict[str, Any], page: str) -> None:
    """Run Python, and hold what a prompt is followed by against what is printed."""
    if ">>>" not in text:
        exec(compile(text, page, "exec"), names)  # noqa: S102  (pages of our own)
        return
    test = doctest.DocTestParser().get_doctest(text, names, page, page, 0)
    told: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=told.append, clear_globs=False)
    names.update(test.globs)
    assert not result.failed, "".join(told)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_blocks_that_are_not_run_say_why(page: Path) -> None:
    for block in blocks(page):
        assert block.runs or len(block.note) > len("not run: why"), block.text


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent == ROOT], ids=named)
def test_links_outside_the_site_lead_somewhere(page: Path) -> None:
    # those of docs/ are checked by its build
    targets = [m["target"] for m in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_every_command_has_a_page() -> None:
    whole: Any = typer.main.get_command(app)
    written = {page.stem for page in (ROOT / "docs" / "howto").glob("*.md")}
    assert sorted(set(whole.commands) - written) == []


def test_every_name_of_the_front_door_is_told_of() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [n for n in spinspike.__all__ if not re.search(rf"\b{n}\b", text)]
    assert missing == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 6_000
