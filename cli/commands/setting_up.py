"""The command that installs what pip does not take by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from spinspike.cli.commands.inputs import Commands

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Install parts that `pip install 'spinspike[...]'` cannot bring.",
)


@app.callback()
def parts() -> None:
    """Keeps the name of the part a word of its own while there is only one."""


@app.command("lava")
def lava(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the commands and run none.")
    ] = False,
) -> None:
    """Install Lava into the environment that runs this.

    lava-nc 0.10.0 is the last release and asks for Python 3.10; it is installed past that, by two
    commands of pip that are printed before they run. What it needs on newer Pythons is mended while
    it is imported, and nothing of it is changed on disk.

    Example: `spinspike setup lava`
    """
    import shlex

    from spinspike.simulators.lava_setup import commands, set_up_lava

    if dry_run:
        for command in commands():
            typer.echo(shlex.join(command))
        return
    set_up_lava(typer.echo)
    typer.echo("Lava is installed; see it run: spinspike demo --on lava")
