"""The sets of digits that can be downloaded: where they are, and how they are recognised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["REMOTE_SETS", "RemoteFile", "RemoteSet"]


class RemoteFile(NamedTuple):
    """A file on the mirrors of a set."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class RemoteSet:
    """A set of digits that can be downloaded."""

    title: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    splits: tuple[str, ...] = ()


# Lengths and SHA-256 of MNIST: TensorFlow Datasets, url_checksums/mnist.txt; the same SHA-256 in
# Ludwig, ludwig/datasets/configs/mnist.yaml. The mirrors are theirs: the Common Visual Data
# Foundation's, and PyTorch's, which torchvision/datasets/mnist.py uses too.
# EMNIST: TensorFlow Datasets, url_checksums/emnist.txt; the same SHA-256 in MLDatasets.jl,
# src/EMNIST/EMNIST.jl. NIST has moved it: the address is of TensorFlow Datasets' pull request 5401.
REMOTE_SETS: dict[str, RemoteSet] = {
    "mnist": RemoteSet(
        "MNIST",
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        (
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    "emnist": RemoteSet(
        "EMNIST",
        ("https://biometrics.nist.gov/cs_links/EMNIST/",),
        (
            RemoteFile(
                "gzip.zip",
                561_753_746,
                "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
            ),
        ),
        splits=("digits", "mnist"),
    ),
}
