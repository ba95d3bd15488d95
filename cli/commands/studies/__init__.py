"""The commands that stand beside the chain: `explore`, `integrate`, `reproduce`."""
