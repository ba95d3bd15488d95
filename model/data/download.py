"""Fetch the IDX files of MNIST and Fashion-MNIST, once, and only the original ones."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from spinspike.errors import BadInput, MissingPart

# SHA-256 of the .gz files as first distributed, proved against their long-published MD5 sums
CHECKSUMS = {
    "mnist": {
        "train-images-idx3-ubyte.gz": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        "train-labels-idx1-ubyte.gz": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
        ),
    },
    "fashion-mnist": {
        "train-images-idx3-ubyte.gz": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte.gz": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
        ),
    },
}
SERVERS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist",  # PyTorch's mirror
    "fashion-mnist": (  # the authors' own
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
    ),
}


def download(name: str, folder: Path | str, *, server: str | None = None) -> Path:
    """Fetch the four files of a data set into a folder, made if need be; what is there stays.

    A file takes its name only once it is complete and its SHA-256 is that of the original.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}
        Which data set.
    server : str, optional
        Base URL of another mirror.

    Returns
    -------
    Path
        The folder, for `load`.

    Raises
    ------
    BadInput
        The server cannot be reached or sends something else, or the folder cannot be written or
        holds another file of that name.
    MissingPart
        pooch is not installed.
    """
    if name not in CHECKSUMS:
        message = f"{name!r} cannot be downloaded; allowed: {', '.join(sorted(CHECKSUMS))}"
        raise BadInput(message)
    pooch = _pooch()
    pooch.get_logger().setLevel("WARNING")
    folder = Path(folder)
    for file, checksum in CHECKSUMS[name].items():
        url = f"{(server or SERVERS[name]).rstrip('/')}/{file}"
        try:
            if (folder / file).exists():
                _check_present(pooch, folder / file, checksum)
            else:
                pooch.retrieve(url, known_hash=checksum, fname=file, path=folder)
        except BadInput:
            raise
        except (OSError, ValueError) as error:  # those of requests are OSErrors
            message = (
                f"{url} cannot be fetched into {folder}: {error}; try again later, or put the "
                "four IDX files into a folder yourself and give it with --data DIR"
            )
            raise BadInput(message) from error
    return folder


def _check_present(pooch: ModuleType, path: Path, checksum: str) -> None:
    """Refuse to go on with a file that pooch would quietly replace."""
    found = pooch.file_hash(str(path))
    if found != checksum:
        message = (
            f"{path} is there but is not the original (SHA-256 {found}; allowed: {checksum}); "
            "move it away, or use it with --data DIR without --download"
        )
        raise BadInput(message)


def _pooch() -> ModuleType:
    """Import pooch, which only a download needs."""
    try:
        import pooch
    except ImportError as error:
        message = "downloads need pooch: pip install 'spinspike[data]'"
        raise MissingPart(message) from error
    module: ModuleType = pooch
    return module
