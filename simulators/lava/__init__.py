"""Lava, Intel's framework for Loihi, spike for spike.

- `backend` — the simulator; `worker` — the inside of its run, with the `processes` of this project;
  `stock_worker` — with lava-nc's own alone; `network`, `parts` — what those are built from;
- `graded`, `graded_worker` — the same for graded neurons;
- `registers` — does a stimulus fit; `watchdog` — a run that cannot hang for ever;
- `mends` — what Lava needs on Python 3.11 and newer.
"""

from . import mends  # noqa: F401  so that Lava can be imported on Python 3.11 and newer
