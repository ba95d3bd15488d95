#!/usr/bin/env bash
# Brian2 2.9.0, the newest release for Python 3.11, installs beside NumPy 2.4 without a word and then fails
# on import: it wraps numpy.ndarray.ptp, a method that NumPy 2.0 took away.
# One would have guessed that a release which does not bound NumPy in its metadata runs with the newest one.
#
# Needs Python 3.11. Seen with brian2 2.9.0 and numpy 2.4.6: `pip check` is content, and the import ends in
# "AttributeError: type object 'numpy.ndarray' has no attribute 'ptp'". With numpy 1.26.4 it works.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python="$(command -v "${PYTHON:-python3.11}")" || { echo "no Python 3.11 found; PYTHON=... names one" >&2; exit 2; }
"$python" -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
"$python" -m venv "$place/env"
pip() { "$place/env/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install brian2==2.9.0 numpy==2.4.6 2>/dev/null
pip check
said="$("$place/env/bin/python" -c 'import brian2' 2>&1 | tail -n 1)" || true
echo "beside numpy 2.4.6: $said"
[ "$said" = "AttributeError: type object 'numpy.ndarray' has no attribute 'ptp'" ]
pip install numpy==1.26.4 2>/dev/null
"$place/env/bin/python" -c 'import brian2, numpy; print("beside numpy", numpy.__version__ + ": imported")'
