# One verb each; every verb first sees to its own environment.
#
#   make demo | test | lint | typecheck | bench | claims | docs   with the newest of Python 3.13, 3.12, 3.11
#   make test PYTHON=3.11                                     with another one, in .venv-3.11
#   make mutants                                              faults that the tests have to notice; hours
#   make page                                                 the interactive page anew, with node
#
# PYTHON=...  the Python to use, a version or a program; it gets an environment of its own, .venv-X.Y
# EXTRAS=...  what to install: names from [project.optional-dependencies]
# JOBS=...    processes that share the tests; as many as there are processors
# ARGS=...    handed on to the verb:  make test ARGS="-k dale -x"

PYTHON ?=
ARGS   ?=
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)

VERSION := $(if $(filter 3.%,$(PYTHON)),$(PYTHON),$(if $(PYTHON),$(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)))
VENV    := .venv$(if $(PYTHON),-$(VERSION))
EXTRAS  ?= all$(comma)dev$(comma)docs
comma   := ,
RUN      = $(VENV)/bin

.PHONY: help demo test lint typecheck bench claims docs mutants page setup clean

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

demo: setup
	$(RUN)/spinspike demo -o out/demo --force $(ARGS)

test: setup
	$(RUN)/python -m pytest -n $(JOBS) --dist loadfile --durations 15 \
		-m "$$($(RUN)/python -c "$$DESELECT")" $(ARGS)

lint: setup
	$(RUN)/ruff check $(ARGS)
	$(RUN)/ruff format --check

typecheck: setup
	$(RUN)/python -m mypy $(ARGS)

bench: setup
	$(RUN)/python benchmarks/bench.py $(ARGS)

claims: setup
	$(RUN)/python benchmarks/claims.py $(ARGS)

mutants: VENV := .venv-mutants
mutants: EXTRAS := all,dev,mutants
mutants: setup
	$(RUN)/python benchmarks/mutants.py --drawn 300 $(ARGS)

docs: setup
	rm -rf out/docs
	$(RUN)/python -m sphinx -W --keep-going -q -E -b html docs out/docs $(ARGS)
	$(RUN)/python docs/links.py out/docs

# Only who changes the program of the interactive page needs node: what it builds is kept in the repository.
page:
	mkdir -p build/page
	cp studies/interactive/web/package.json build/page
	npm install --prefix build/page --no-package-lock --no-audit --no-fund --silent
	node studies/interactive/web/build.mjs build/page

setup:
	@sh -c "$$SETUP"

clean:
	rm -rf .venv .venv-* build out .pytest_cache .mypy_cache .ruff_cache .hypothesis

# On Python 3.11 to 3.13 every test runs, and a missing part is a failure. On newer ones, for which not
# every part has a wheel, the tests marked with a part that is not installed are deselected, which pytest
# counts in its closing line; so are those that need MNIST, unless SPINSPIKE_DATA names a folder that
# holds it, those that need darnax, and those that need a browser.
define DESELECT
import os
import sys
from importlib.util import find_spec
from shutil import which

parts = (
    "brian2", "brian2_loihi", "dask", "jax", "lava", "matplotlib", "nest", "nir", "numba",
    "pyNN", "pymetis", "sanafe",
)
absent = [part for part in parts if sys.version_info >= (3, 14) and find_spec(part) is None]
absent += [] if os.environ.get("SPINSPIKE_DATA") else ["images"]
absent += [] if sys.version_info < (3, 14) or find_spec("amaranth") else ["fpga"]
absent += [] if find_spec("darnax") else ["darnax"]
browsers = ("chromium", "chromium-browser", "google-chrome")
if not find_spec("playwright") or not any(map(which, browsers)):
    absent.append("chromium")
    print("No Chromium here: the tests of the interactive page are left out.", file=sys.stderr)
print(" and ".join("not " + part for part in absent))
endef
export DESELECT

# A strict editable install is a tree of links under build/, one per source file: it must be made
# anew when a file is added, renamed or removed. The stamp remembers what the environment was made
# of (place, requirements, names of the source files), so that a second call costs no time; while
# the set-up is under way, or after it failed, it holds the place alone.
define SETUP
set -eu
stamp="$(VENV)/.made-of"
log="build/setup.log"

requirements() { { echo "$(EXTRAS)"; cat pyproject.toml constraints.txt; } | cksum; }
files() {
    find core model mapping simulators studies cli -type f ! -name '*.py[co]' | LC_ALL=C sort | cksum
}
made_of() { pwd; requirements; files; }
remembered() { sed -n "$$1p" "$$stamp" 2>/dev/null || :; }
links() { ls -d build/__editable__.spinspike-* >/dev/null 2>&1; }
works() { "$(RUN)/python" -c '' >/dev/null 2>&1; }
current() { [ "$$(made_of)" = "$$(cat "$$stamp" 2>/dev/null)" ] && links && works; }

version_of() { "$$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || :; }

# The first candidate that is indeed of the version asked for: a pyenv shim may be there and not run.
find_python() {
    wanted="$$1"
    for candidate in "$${PYENV_ROOT:-$${HOME:-}/.pyenv}"/versions/"$$wanted"*/bin/python \
            "$${HOME:-}"/.pyenv/versions/"$$wanted"*/bin/python \
            "$$(uv python find "$$wanted" 2>/dev/null || :)" \
            "$$(command -v "python$$wanted" || :)" \
            "$$(command -v python3 || :)" "$$(command -v python || :)"; do
        if [ -n "$$candidate" ] && [ "$$(version_of "$$candidate")" = "$$wanted" ]; then
            echo "$$candidate"
            return
        fi
    done
}

choose_python() {
    case "$(PYTHON)" in
        "") for version in 3.13 3.12 3.11 3.14; do
                python="$$(find_python $$version)"
                [ -z "$$python" ] || return 0
            done
            echo "No Python 3.11 to 3.14 found by pyenv, uv or PATH: install one, 3.13 if you can." >&2 ;;
        3.*) python="$$(find_python "$(PYTHON)")"
            [ -z "$$python" ] || return 0
            echo "No Python $(PYTHON) found by pyenv, uv or PATH: install it, or name another." >&2 ;;
        *) case "$(VERSION)" in
                3.1[1-9]) python="$(PYTHON)"; return ;;
                "") echo "PYTHON=$(PYTHON) does not run: name a Python 3.11 or newer." >&2 ;;
                *) echo "PYTHON=$(PYTHON) is Python $(VERSION): spinspike needs 3.11 or newer." >&2 ;;
            esac ;;
    esac
    exit 2
}

# Debian keeps a part of venv in a package of its own; pip, where there is one, does without it.
make_venv() {
    "$$python" -m venv --clear "$(VENV)" >"$$log" 2>&1 && return
    quietly "$$python" -m venv --clear --without-pip "$(VENV)"
    quietly "$$python" -m pip --python "$(RUN)/python" install --quiet pip
}

# What pip says is shown only when it fails: the end of it, without its warnings.
quietly() {
    "$$@" >"$$log" 2>&1 && return
    grep -v '^WARNING: ' "$$log" | tail -n 40 >&2
    echo "The set-up of $(VENV) failed, and $$log says all about: $$*" >&2
    exit 2
}
install() {
    quietly "$(RUN)/python" -m pip install --disable-pip-version-check --no-input \
        --progress-bar off "$$@"
}
install_spinspike() { install --config-settings editable_mode=strict "$$@"; }
pins() { case "$$(version_of "$(RUN)/python")" in 3.1[123]) echo constraints.txt ;; *) echo /dev/null ;; esac; }

current && exit
mkdir -p build
if command -v flock >/dev/null 2>&1; then   # two verbs at once: the second waits for the first
    exec 9>build/setup.lock
    flock 9
    current && exit
fi

made="$$(made_of)"
if [ "$$(remembered 1)" = "$$(pwd)" ] && [ "$$(remembered 2)" = "$$(requirements)" ] && works; then
    pwd >"$$stamp"
    install_spinspike --no-deps --no-build-isolation --editable .
else
    if [ "$$(remembered 1)" != "$$(pwd)" ] || ! works; then
        choose_python
        echo "Setting up $(VENV) with $$python: a minute or more, once." >&2
        make_venv
    else
        echo "Bringing $(VENV) up to date with pyproject.toml and constraints.txt." >&2
    fi
    pwd >"$$stamp"
    install --constraint "$$(pins)" "setuptools>=77"
    install_spinspike --constraint "$$(pins)" --editable ".[$(EXTRAS)]"
    case "$(EXTRAS)" in *all*|*lava*) quietly "$(RUN)/spinspike" setup lava ;; esac
fi
echo "$$made" >"$$stamp"
endef
export SETUP
