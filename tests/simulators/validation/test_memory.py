"""Memory against arrays whose size is known, here and in a child."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spinspike.simulators.validation.memory import memory_in_use, watched

SIZE = 200_000_000


@pytest.mark.parametrize("where", ["here", "in a child"])
def test_what_was_used_meanwhile_is_seen(where: str) -> None:
    before = memory_in_use()
    with watched() as peak:
        if where == "here":
            block = np.ones(SIZE, dtype=np.uint8)
            assert block[-1] == 1
            with watched() as inner:
                pass
            assert inner[0] > before + 0.9 * SIZE
            del block
        else:
            code = f"block = bytearray(b'1') * {SIZE}\nimport time\ntime.sleep(.5)"
            subprocess.run([sys.executable, "-c", code], check=True)
    assert before + 0.9 * SIZE < peak[0] < before + 1.5 * SIZE
    assert memory_in_use() < before + 0.5 * SIZE
