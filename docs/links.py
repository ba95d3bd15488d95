"""Check a built site: every link inside it leads somewhere, and nothing is loaded from elsewhere.

    python docs/links.py out/docs

Sphinx checks the links it makes. This reads what a browser will read.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The anchors of a page, where its links go, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what an element is called, links to and loads."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found and found.get("rel") != "canonical":
            self.loaded.append(found[LOADED[tag]])


def faults(folder: Path) -> list[str]:
    """What is wrong with the pages of a folder, a line each."""
    files = sorted(folder.resolve().rglob("*.html"))
    # The theme keeps templates there.
    paths = [path for path in files if "_static" not in path.parts]
    pages = {path: Page(path.read_text("utf-8")) for path in paths}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        for target in page.loaded:
            url = urlsplit(target)
            if url.scheme not in ("", "data") or url.netloc:
                found.append(f"{name} loads {target} from elsewhere")
            elif not url.scheme and not (path.parent / unquote(url.path)).exists():
                found.append(f"{name} loads {target}, which is missing")
        for target in page.links:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            aim = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not aim.exists():
                found.append(f"{name} links to {target}, which is missing")
            elif aim in pages and unquote(url.fragment) not in pages[aim].anchors:
                found.append(f"{name} links to {target}, an anchor that is missing")
    return found or ([] if pages else [f"{folder} holds no pages"])


def main() -> None:
    """Print what is wrong; exit code 1 if anything is."""
    wrong = faults(Path(sys.argv[1]))
    print(
        "\n".join(wrong[:50]) or "every link leads somewhere, and nothing is loaded from elsewhere"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
