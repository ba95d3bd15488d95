"""The network itself.

- `architecture`, `network` — modules and what connects them, and how they are drawn;
- `dynamics` — fields, sweeps, and the warm-up, clamped, release and free phases; `summation` — by
  how much the order of a sum may matter;
- `fixed_points` — states with the inputs that hold them, and their margins;
- `network_file` — the ``*.h5`` artefact; `import_arrays` — networks trained elsewhere.
"""
