"""Downloads, from a server of our own on this machine: right, wrong, and not there."""

from __future__ import annotations

import gzip
import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spinspike.errors import BadInput, MissingPart
from spinspike.model.data import download as module
from spinspike.model.data.download import CHECKSUMS, SERVERS, download


class Quiet(SimpleHTTPRequestHandler):
    """A file server that keeps count of what it sent instead of printing it."""

    sent: list[str] = []  # noqa: RUF012  (one per class is what is wanted)

    def log_message(self, format: str, *args: object) -> None:
        self.sent.append(self.path)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four small files, whose checksums stand in for those of MNIST."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    sums = {}
    for name in CHECKSUMS["mnist"]:
        content = gzip.compress(name.encode() * 100, mtime=0)
        (folder / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(module.CHECKSUMS, "mnist", sums)
    return folder


@pytest.fixture
def server(files: Path) -> Iterator[str]:
    Quiet.sent = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(files))) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_four_files_arrive_whole_in_a_new_folder(
    tmp_path: Path, files: Path, server: str
) -> None:
    target = tmp_path / "a" / "b"
    assert download("mnist", target, server=server + "/") == target
    assert contents(target) == contents(files)


def test_what_is_there_is_not_fetched_again(tmp_path: Path, files: Path, server: str) -> None:
    download("mnist", tmp_path / "a", server=server)
    assert len(Quiet.sent) == 4
    (tmp_path / "a" / "t10k-labels-idx1-ubyte.gz").unlink()
    download("mnist", tmp_path / "a", server=server)
    assert Quiet.sent[4:] == ["/t10k-labels-idx1-ubyte.gz"]
    assert contents(tmp_path / "a") == contents(files)


def test_a_file_with_another_checksum_is_refused_and_leaves_nothing(
    tmp_path: Path, files: Path, server: str
) -> None:
    changed = b"something else"
    (files / "train-labels-idx1-ubyte.gz").write_bytes(changed)
    got = hashlib.sha256(changed).hexdigest()
    with pytest.raises(BadInput, match=rf"train-labels-idx1-ubyte\.gz cannot be .*but got {got}"):
        download("mnist", tmp_path / "a", server=server)
    assert set(contents(tmp_path / "a")) == {"train-images-idx3-ubyte.gz"}  # the one before it


def test_another_file_in_the_folder_is_not_replaced(
    tmp_path: Path, files: Path, server: str
) -> None:
    mine = files.parent / "mine"
    mine.mkdir()
    (mine / "t10k-labels-idx1-ubyte.gz").write_bytes(b"repacked")
    found = hashlib.sha256(b"repacked").hexdigest()
    with pytest.raises(BadInput, match=rf"is there but is not the original \(SHA-256 {found}; al"):
        download("mnist", mine, server=server)
    assert contents(mine)["t10k-labels-idx1-ubyte.gz"] == b"repacked"


def test_a_file_that_the_server_lacks_is_named(tmp_path: Path, files: Path, server: str) -> None:
    (files / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(BadInput, match=r"train-images.* cannot be fetched into .*404.*--data DIR"):
        download("mnist", tmp_path / "a", server=server)
    assert contents(tmp_path / "a") == {}


def test_a_server_that_is_not_there_is_one_clear_line(tmp_path: Path, files: Path) -> None:
    with socket.socket() as closed:  # bound and not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(BadInput, match=rf"{url}/train.*Connection refused.*try again") as info:
            download("mnist", tmp_path / "a", server=url)
    assert "\n" not in str(info.value)
    assert contents(tmp_path / "a") == {}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, server: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match=r"cannot be fetched into .*file/a"):
        download("mnist", tmp_path / "file" / "a", server=server)


@pytest.mark.parametrize("name", ["digits", "entangled-mnist", ""])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=rf"'{name}' cannot be downloaded; allowed: fashion-mnist"):
        download(name, tmp_path)


def test_without_pooch_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingPart, match=r"downloads need pooch: pip install 'spinspike\[data\]'"):
        download("mnist", tmp_path)


def test_pooch_is_imported_for_a_download_only() -> None:
    code = "import sys, spinspike.model.data.download; sys.exit('pooch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_both_sets_have_four_files_and_a_safe_address() -> None:
    assert set(SERVERS) == set(CHECKSUMS)
    assert all(url.startswith("https://") for url in SERVERS.values())
    for sums in CHECKSUMS.values():
        assert len(sums) == 4
        assert all(len(bytes.fromhex(checksum)) == 32 for checksum in sums.values())
