"""The commands, one a file; their docstrings are the help that users read.

`options` has what several share; `artefacts` has `map`, `export` and `demo`; `memory` has `store`
and `recall`; `studies` has those that stand beside the chain.
"""
