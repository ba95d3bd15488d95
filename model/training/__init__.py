"""The loop around the rule, and what comes of it.

- `training` — epochs over a data set; `preset` — settings to start from; `checkpoint` — to go on;
- `settled` — the learned and the free fixed points of a network;
- `probe`, `comparators` — fitted readouts of the same states, other methods on the same task;
- `control`, `ablation`, `ablation_run` — the same training with a part taken out.
"""
