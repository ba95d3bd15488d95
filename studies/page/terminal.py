"""What the commands print with: progress on stderr, tables or JSON on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from spinspike.simulators.validation.answers import Answer
    from spinspike.simulators.validation.claims import Verdict
    from spinspike.task import Task

COLOURS = {"holds": "green", "FAILS": "bold red", "undecided": "yellow"}
WIDTH = 80  # columns of a terminal
EXIT_CODES: dict[Verdict, int] = {"holds": 0, "fails": 1, "undecided": 3}


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on stderr that leaves stdout to the result."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    ) as bars:
        yield bars


def bar(bars: Progress, description: str) -> Callable[..., None]:
    """A bar whose callback takes (done, total, note)."""
    task = bars.add_task(description, total=1, note="")

    def update(done: int, total: int, note: str = "") -> None:
        bars.update(task, completed=done, total=total, note=note)

    return update


def carried_out(
    description: str,
    tasks: Sequence[Task],
    folder: Path,
    *,
    fingerprint: str,
    jobs: int,
    scheduler: str | None,
) -> dict[str, Any]:
    """Results of a campaign, behind a bar while it goes on."""
    from spinspike.campaign import carry_out

    with progress() as bars:
        return carry_out(
            tasks,
            folder,
            fingerprint=fingerprint,
            scheduler=scheduler,
            jobs=jobs,
            progress=bar(bars, description),
        )


@contextmanager
def spinner(description: str) -> Iterator[None]:
    """Something that moves on stderr, for work whose end cannot be foreseen."""
    with Console(stderr=True).status(description):
        yield


def show(summary: Any, *tables: Table, as_json: bool, last: str = "") -> None:
    """Print the summary as JSON, or the tables; what cannot be printed is no success.

    The last line says what came of it and where it lies: beside JSON on stderr.

    Raises
    ------
    BadInput
        Standard output is a file on a full disk, say.
    """
    from spinspike.errors import BadInput

    try:
        if as_json:
            sys.stdout.write(json.dumps(summary, indent=2, allow_nan=False) + "\n")
        else:
            console = Console()
            for table in tables:
                console.print(table)
        if last:
            (sys.stderr if as_json else sys.stdout).write(f"{last}\n")
        sys.stdout.flush()
    except OSError as error:
        # what is left in the buffer would be tried, and complained about, again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        message = f"the result cannot be printed: {error.strerror}"
        raise BadInput(message) from error


def table(title: str, *columns: str, rows: list[list[str]]) -> Table:
    """A table with its first column to the left and all others to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    made.show_header = any(columns)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=number > 0)
    for row in rows:
        made.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return made


def show_answers(answers: Sequence[Answer]) -> None:
    """The three questions of a verdict, each with its answer and what it means."""
    console = Console()
    for answer in answers:
        console.print(Text.assemble((answer.question, "bold"), f" {answer.answer}"))
        for line in (answer.meaning, *(f"- {detail}" for detail in answer.details)):
            console.print(Padding(line, (0, 0, 0, 2)), highlight=False)


def conclude(line: str, verdict: Verdict, *, report: Path | None, as_json: bool) -> None:
    """Last words of a command: the verdict, where to read on, and its exit code."""
    import typer

    where = f"; report: {report}" if report else ""
    if len(line + where) > WIDTH and line.endswith(")"):  # the counts stand above, with the answers
        line = line.partition(" (")[0]
    (sys.stderr if as_json else sys.stdout).write(f"{line}{where}\n")
    if EXIT_CODES[verdict]:
        raise typer.Exit(EXIT_CODES[verdict])


def interval(low: float, high: float) -> str:
    """A 95 % interval, as exact as it is narrow.

    Examples
    --------
    >>> interval(0.17, 0.69), interval(0.99912, 0.99956)
    ('0.17 to 0.69', '0.9991 to 0.9996')
    """
    places = 2 if high - low > 0.02 else 4
    return f"{low:.{places}f} to {high:.{places}f}"


def percent(fraction: float) -> str:
    """A fraction as a percentage."""
    return f"{100 * fraction:.1f} %"
