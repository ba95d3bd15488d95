"""Lava processes of our own: a connection, a source and a sink for many patterns at once.

Lava executes every file beside a process while it looks for process models. Hence this package
holds nothing but processes, each in one file with its model, and does no work when imported.
The neurons are Lava's own LIF, unchanged.
"""

from spinspike.simulators.lava_processes.batch_connection import BatchConnection
from spinspike.simulators.lava_processes.spike_sink import SpikeSink
from spinspike.simulators.lava_processes.spike_source import SpikeSource

__all__ = ["BatchConnection", "SpikeSink", "SpikeSource"]
