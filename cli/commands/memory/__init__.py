"""Commands for memories of one's own: `store` patterns, `recall` them."""
