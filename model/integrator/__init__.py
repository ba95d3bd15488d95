"""The learned integrator: a linear recurrent network whose memory is one outlier eigenvalue.

- `linear_network` — the network, the filter it is to become, its response and its spectrum.
- `loss` — how far it is from that filter, exactly, with derivatives; `noise` — the same by simulation.
- `learning` — gradient descent and gradient flow, with the spectra on the way.
- `reduced` — what theory says of them without couplings; `subspace` — with small ones; `lazy` — with
  large ones.
- `integrator_file` — the artefact.
"""
