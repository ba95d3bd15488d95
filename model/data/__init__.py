"""What a network learns.

- `dataset` — labelled images in splits; `named` — the data sets by name;
- `idx`, `download` — MNIST and Fashion-MNIST; `entangled` — random projections of images;
- `prototypes` — noisy copies of random patterns; `from_arrays` — data sets of one's own.
"""
