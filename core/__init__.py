"""The ground that every floor stands on; installed as ``spinspike`` itself.

- `arrays` — names of array types; `errors` — the exceptions, all children of one;
- `hdf5`, `npz` — files that are written whole or not at all, and read without trust;
- `task`, `campaign` — many runs, kept one by one; `dask_cluster` — on other processes and machines;
- `wilson` — how sure a fraction is; `compiled` — how kernels are compiled.

The floors, each importing those before it alone: `model`, `mapping`, `simulators`, `studies`, `cli`.
"""
