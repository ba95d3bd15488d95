"""NEST.

- `binary` — binary neurons that update at random times; `lif` — leaky integrate-and-fire neurons;
- `kernel` — the one kernel of a process; `recorder` — what was seen, in whichever process.
"""
