"""The learned integrator: a linear recurrent network whose memory is one outlier eigenvalue.

- `linear_network` — the network, the filter it is to become, its response and its spectrum.
"""
