"""No command writes over what it reads: whatever it is called, linked by or held in."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from spinspike.cli.commands.inputs import Commands, inputs, refuse_inputs
from spinspike.cli.main import app
from spinspike.errors import BadInput

Command = Callable[..., None]


def commands(program: Any, above: str = "") -> Iterator[tuple[str, Command]]:
    """Every command of a program by its name."""
    assert isinstance(program, Commands)
    for one in program.registered_commands:
        function = cast("Command", one.callback)
        yield above + str(one.name or function.__name__), function
    for group in program.registered_groups:
        yield from commands(group.typer_instance, f"{group.name} ")


COMMANDS = dict(commands(app))
READING = [
    (command, name)
    for command, function in COMMANDS.items()
    if "output" in (given := inspect.signature(function, eval_str=True).parameters)
    for name, parameter in given.items()
    if "Path" in str(parameter.annotation) and name != "output"
] + [("train", "data"), ("import arrays", "on"), ("import darnax", "on"), ("check", "target")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.npz"
    path.write_bytes(b"mine")
    return path


def test_the_commands_that_read_and_write_are_known() -> None:
    assert {name for name, _ in READING} == {
        "train", "import arrays", "import darnax", "map", "export", "check", "certify", "view",
        "validate", "stress", "explore", "nir write", "nir read", "nir run", "convert", "reproduce",
        "store", "recall",
    }  # fmt: skip


@pytest.mark.parametrize(("command", "parameter"), READING)
def test_no_command_takes_an_output_that_is_an_input(
    command: str, parameter: str, source: Path
) -> None:
    text = parameter in ("data", "on", "target")
    value: Any = str(source) if text else [source] if parameter == "against" else source
    with pytest.raises(BadInput, match=r"source\.npz is the input .*, forced or not"):
        COMMANDS[command](**{"output": source, parameter: value, "force": True})
    assert source.read_bytes() == b"mine"


def test_by_whatever_path_or_link(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = source.parent
    monkeypatch.chdir(folder)
    (folder / "x").mkdir()
    (folder / "symbolic").symlink_to("source.npz")
    os.link(source, folder / "hard")
    (folder / "to_folder").symlink_to(folder)
    for name in ("source.npz", "./x/../source.npz", "symbolic", "hard", "to_folder/source.npz"):
        with pytest.raises(BadInput, match=r" is the input .*source\.npz, and no input is written"):
            refuse_inputs(Path(name), [source])
    with pytest.raises(BadInput, match=r"source\.npz is the input symbolic"):
        refuse_inputs(source, [Path("symbolic")])
    refuse_inputs(Path("other"), [source, Path("nowhere")])
    refuse_inputs(folder / "x", [source])


def test_nor_a_folder_that_holds_one(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r" holds the input .*source\.npz"):
        refuse_inputs(tmp_path, [source])
    (tmp_path / "a" / "b").mkdir(parents=True)
    os.link(source, tmp_path / "a" / "b" / "linked")
    with pytest.raises(BadInput, match=r"a holds the input .*source\.npz"):
        refuse_inputs(tmp_path / "a", [source])
    with pytest.raises(BadInput, match="holds the input"):
        refuse_inputs(tmp_path, [tmp_path / "a"])


def test_the_files_of_a_folder_of_images_are_inputs_and_others_in_it_are_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "mnist").mkdir()
    for name in ("train-images-idx3-ubyte", "mnist/t10k-labels.idx1-ubyte.gz", "network.h5"):
        (tmp_path / name).touch()
    read = list(inputs({"folder": tmp_path, "data": "mnist"}))
    refuse_inputs(tmp_path / "network.h5", read)
    for name in ("train-images-idx3-ubyte", "mnist/t10k-labels.idx1-ubyte.gz"):
        with pytest.raises(BadInput, match=r"ubyte.* is the input"):
            refuse_inputs(tmp_path / name, read)


def test_words_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`export --to lava -o lava --force` is what one may well type."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lava").mkdir()
    (tmp_path / "digits").touch()
    assert list(inputs({"to": "lava", "data": "digits", "levels": "0.5", "output": Path()})) == []


@pytest.mark.parametrize("name", ["n.h5.csv", "n.h5.checkpoint", "source.npz"])
def test_what_lies_beside_a_trained_network_is_no_input_either(source: Path, name: str) -> None:
    output = source.with_name(name.removesuffix(".csv").removesuffix(".checkpoint"))
    if not source.with_name(name).exists():
        source.with_name(name).symlink_to(source)
    words = ["train", str(source), "-o", str(output), "--resume", "--force"]
    found = CliRunner().invoke(app, words)
    assert isinstance(found.exception, BadInput)
    assert " is the input " in str(found.exception)
    assert source.read_bytes() == b"mine"
