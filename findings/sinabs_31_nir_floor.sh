#!/usr/bin/env bash
# Sinabs 3.1.3 reads its own NIR export of an IAF layer back with a floor under the membrane, min_v_mem = -threshold,
# that the exported layer did not have: the network spikes otherwise after going to NIR and back.
# One would have guessed that a layer built with the defaults survives its own export and import.
#
# Needs Python 3.11. Seen with sinabs 3.1.3, nir 1.0.4, nirtorch 2.0.2 and torch 2.13.0 on the CPU: after an input of -5 the
# exported layer needs 6 more to spike, the one read back 2, since its membrane stopped at -1.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
"$place/env/bin/python" -m pip --quiet --disable-pip-version-check install \
  sinabs==3.1.3 nir==1.0.4 nirtorch==2.0.2 torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$place/look.py" <<'PY'
from importlib.metadata import version

import torch
from sinabs.layers import IAFSqueeze
from sinabs.nir import from_nir, to_nir

one = torch.nn.Linear(1, 1, bias=False)
one.weight.data[:] = 1.0
network = torch.nn.Sequential(one, IAFSqueeze(batch_size=1))
x = torch.tensor([[-5.0], *([[1.0]] * 8)])
with torch.no_grad():
    before = network(x).ravel().tolist()
    graph = to_nir(network, x)
    again = from_nir(graph, batch_size=1)
    after = again(x)
    after = (after[0] if isinstance(after, tuple) else after).ravel().tolist()
floors = [layer.min_v_mem for layer in (*network.modules(), *again.modules()) if hasattr(layer, "min_v_mem")]
print("sinabs", version("sinabs"), "spikes before:", before, "and after:", after)
print("floors:", floors)
assert before == [0, 0, 0, 0, 0, 0, 1, 1, 1], before
assert after == [0, 0, 1, 1, 1, 1, 1, 1, 1], after
assert floors[0] is None and float(floors[1].detach().ravel()[0]) == -1
PY
"$place/env/bin/python" -W ignore "$place/look.py"
