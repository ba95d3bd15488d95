"""Chips: what they hold and what they cost.

- `target` — limits, from YAML (``targets``); `limits` — does a graph fit them;
- `placement` — neurons on cores; `core_usage`, `synapse_memory` — what they take there;
- `energy` — what a placed graph costs.
"""
