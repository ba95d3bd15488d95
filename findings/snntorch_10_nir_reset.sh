#!/usr/bin/env bash
# snnTorch 1.0.0 reads its own NIR export of a Leaky layer with the default reset, by subtraction, back as a layer that
# resets to zero: the network spikes otherwise after going to NIR and back, without a word.
# One would have guessed that the layer everybody uses survives its own export and import, or that there is a warning.
#
# Needs Python 3.11. Seen with snntorch 1.0.0, nir 1.0.8, nirtorch 2.6 and torch 2.13.0 on the CPU: with an input of 1.4 in
# every step and beta 0.5 the exported layer spikes in other steps than the one read back.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
"$place/env/bin/python" -m pip --quiet --disable-pip-version-check install \
  snntorch==1.0.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$place/look.py" <<'PY'
from importlib.metadata import version

import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

one = torch.nn.Linear(1, 1, bias=False)
one.weight.data[:] = 1.0
half, threshold = torch.full((1,), 0.5), torch.ones(1)
leaky = snn.Leaky(beta=half, threshold=threshold, init_hidden=True)
network = torch.nn.Sequential(one, leaky)
x = torch.full((12, 1), 1.4)
with torch.no_grad():
    before = [int(network(step)) for step in x]
    leaky.reset_mem()
    again = import_from_nir(export_to_nir(network, x[0]))
    after, state = [], None
    for step in x:
        out, state = again(step, state)
        after.append(int(out))
resets = [m.reset_mechanism for m in (*network.modules(), *again.modules()) if isinstance(m, snn.Leaky)]
print("snntorch", version("snntorch"), "spikes before:", before, "and after:", after)
print("reset_mechanism:", *resets)
assert resets == ["subtract", "zero"] and before != after, (before, after)
PY
"$place/env/bin/python" -W ignore "$place/look.py"
