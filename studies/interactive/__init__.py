"""An interactive page of a run, in one file that any browser shows from disk.

- `scenes` — every step of the runs and nulls that the page plays; `content` — what it says of them;
- `packed` — both as compact bytes; `page` — the page around these.

The page itself, `page.html`, is built from `web/` by `make page`, which needs node; nothing else does.
"""
