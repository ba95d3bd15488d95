"""What README shows in Python runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.lava
@pytest.mark.numba
def test_the_ten_lines_end_with_states_that_lava_holds(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "ten_lines.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "ten_lines.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    network, graph, found, free, learned = done.stdout.splitlines()
    assert network.startswith("<NetworkFile: 100 units in 1 modules, 64 inputs, 10 classes, ")
    assert found.startswith("<Validation: held: no certified state is lost (lava ")
    assert graph.startswith("<SynapseGraph: dale, 8 bits, 100 units, 200 neurons, ")
    assert free.startswith("<Outcome: lava, step, free: ")
    assert learned.endswith(" end exactly in their state>")
    assert (tmp_path / "graph.h5").exists()
