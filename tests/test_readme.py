"""What README shows in Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.lava
@pytest.mark.numba
def test_the_ten_lines_end_with_states_that_lava_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102  (a page of our own)
    network, graph, found, free, learned = capsys.readouterr().out.splitlines()
    assert network.startswith("<NetworkFile: 100 units in 1 modules, 64 inputs, 10 classes, ")
    assert found.startswith("<Validation: held: no certified state is lost (lava ")
    assert graph.startswith("<SynapseGraph: dale, 8 bits, 100 units, 200 neurons, ")
    assert free.startswith("<Outcome: lava, step, free: ")
    assert learned.endswith(" end exactly in their state>")
    assert (tmp_path / "graph.h5").exists()
