"""The study of the command `explore`: of random networks or of one of your own.

- `options` — what its options mean;
- `sweep` — random networks over J_D, lambda and H: `sweep_figures`, `sweep_tables`, `sweep_page`;
  `reached` — what surrounds the states that dynamics reach, `reached_figures`;
  `cluster_figures` — how dense theory has them;
- `network` — one network and those it is held against: `network_findings`, `network_figures`,
  `network_page`.
"""
