"""Who reads the portable form: those that were seen to, and no others (benchmarks/nir_zoo.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir.file import read
from spinspike.mapping.nir.portable import PORTABLE_KIND
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.exchange.exporter import export, exporter
from spinspike.simulators.exchange.readers import READERS

READ = ("snntorch", "norse", "nirtorch")
GRAPH = map_network(
    random_network(
        Architecture(units=6, inputs=3, classes=2), np.random.default_rng(0), centre=np.zeros(3)
    )
)


@pytest.mark.parametrize("tool", READERS)
def test_what_is_written_is_the_portable_form_or_nothing(tool: str, tmp_path: Path) -> None:
    problems = exporter(tool).obstacles(GRAPH)
    assert (problems == []) == (tool in READ)
    if problems:
        assert all(text.startswith(READERS[tool].title) for text in problems)
        with pytest.raises(BadInput, match=READERS[tool].title):
            export(GRAPH, tmp_path / "x.nir", tool)
        assert not list(tmp_path.iterdir())
        return
    written = read(export(GRAPH, tmp_path / "x.nir", tool))
    assert written.metadata["kind"] == PORTABLE_KIND
    assert any(READERS[tool].title in text for text in exporter(tool).omissions(GRAPH))


@pytest.mark.parametrize("tool", READ)
def test_what_has_no_portable_form_is_refused(tool: str, tmp_path: Path) -> None:
    late = with_delays(GRAPH, 2, np.random.default_rng(0))
    assert "delays of up to 2 steps" in exporter(tool).obstacles(late)[0]
    with pytest.raises(BadInput, match="delays of up to 2 steps"):
        export(late, tmp_path / "x.nir", tool)
