"""The study of the command `integrate`.

- `learning` — a memory, beside theory; `simulated_memory` — on which simulators it is heard out;
- `figures`, `page` — what is shown.
"""
