"""Lava processes of our own: for many patterns at once, and for graded neurons.

The first are a connection, a source and a sink; the others are neurons and a sink for messages.

Lava executes every file beside a process while it looks for process models. Hence this package
holds nothing but processes, each in one file with its model, and does no work when imported.
Threshold neurons are Lava's own LIF, unchanged.
"""

from spinspike.simulators.lava.processes.batch_connection import BatchConnection
from spinspike.simulators.lava.processes.graded_neurons import GradedNeurons
from spinspike.simulators.lava.processes.message_sink import MessageSink
from spinspike.simulators.lava.processes.spike_sink import SpikeSink
from spinspike.simulators.lava.processes.spike_source import SpikeSource

__all__ = ["BatchConnection", "GradedNeurons", "MessageSink", "SpikeSink", "SpikeSource"]
