#!/usr/bin/env bash
# Norse 1.1.0 writes a membrane time constant of 10 ms into NIR as 1e-5: it divides its own time step of 1 ms by the
# inverse time constant, instead of 1, so the file depends on the step and is wrong by a factor of 1000.
# One would have guessed the time constant itself, 0.01 s, which its importer takes the file to hold.
#
# Needs Python 3.11. Seen with norse 1.1.0, nir 1.0.8, nirtorch 2.6 and torch 2.13.0 on the CPU: LIFBoxCell with tau_mem_inv 100
# per second is exported with tau 1e-5; read back with the same step of 1 ms it has tau_mem_inv 100,000, and the
# membrane of a neuron that ought to charge slowly overshoots.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
"$place/env/bin/python" -m pip --quiet --disable-pip-version-check install \
  norse==1.1.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$place/look.py" <<'PY'
from importlib.metadata import version

import norse.torch as norse
import torch

zero = torch.zeros(1)
parameters = norse.LIFBoxParameters(tau_mem_inv=zero + 100.0, v_leak=zero, v_th=zero + 10.0, v_reset=zero)
one = torch.nn.Linear(1, 1, bias=False)
one.weight.data[:] = 1.0
network = norse.SequentialState(one, norse.LIFBoxCell(parameters))
graph = norse.to_nir(network, zero)
(node,) = (node for node in graph.nodes.values() if type(node).__name__ == "LIF")
again = norse.from_nir(graph)
(cell,) = (module for module in again.modules() if isinstance(module, norse.LIFBoxCell))
tau, back = float(node.tau), float(cell.p.tau_mem_inv)
print("norse", version("norse"), "tau_mem 0.01 s is written as", tau, "and read as tau_mem_inv", back)
assert abs(tau - 1e-5) < 1e-9 and abs(back - 1e5) < 1, (tau, back)
PY
"$place/env/bin/python" -W ignore "$place/look.py"
