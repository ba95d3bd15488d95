"""What all reports share.

- `plot` — pictures for one's own axes; `style` — colours and style of figures; `svg` — figures that follow the reader's colour scheme;
- `template` — pages that stand by themselves; `folder` — where they lie; `provenance` — what it
  takes to repeat them; `terminal` — tables and progress.
"""
