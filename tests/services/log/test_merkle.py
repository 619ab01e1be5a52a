"""Merkle tree hashes, audit and consistency paths against the vectors of the Certificate Transparency log."""

import pytest

from portability.agreements.errors import VerificationError
from portability.services.merkle import (
    audit_path,
    consistency_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the roots over the first n of them that implementations of RFC 6962 test with
# (certificate-transparency, merkle_tree_test).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]  # fmt: skip
HASHES = [leaf_hash(one) for one in LEAVES]


def test_no_leaves_hash_to_the_hash_of_nothing() -> None:
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_log(size: int) -> None:
    assert root_of(HASHES[:size]).hex() == ROOTS[size - 1]


def test_paths_are_those_of_the_reference_log() -> None:
    # PATH(5, D[8]) and PATH(1, D[5]) of the same vectors.
    assert [one.hex() for one in audit_path(HASHES, 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [one.hex() for one in audit_path(HASHES[:5], 1)] == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@pytest.mark.parametrize("size", [*range(1, 66), 255, 256])
def test_every_leaf_of_a_tree_proves_itself_and_only_itself(size: int) -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    root = root_of(leaves)
    for index in range(size):
        path = audit_path(leaves, index)
        assert verify_inclusion(leaves[index], index=index, size=size, path=path, root=root) == leaves[index]
        if size > 1:
            with pytest.raises(VerificationError):
                verify_inclusion(leaves[index - 1], index=index, size=size, path=path, root=root)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path[:-1], id="too short"),
        pytest.param(lambda path: (*path, path[0]), id="too long"),
        pytest.param(lambda path: (path[1], path[0], path[2]), id="swapped"),
        pytest.param(lambda path: (path[0][:-1], *path[1:]), id="a short hash"),
        pytest.param(lambda path: (bytes(32), *path[1:]), id="another hash"),
    ],
)
def test_a_changed_path_proves_nothing(change) -> None:
    root = root_of(HASHES)
    with pytest.raises(VerificationError):
        verify_inclusion(HASHES[2], index=2, size=8, path=change(audit_path(HASHES, 2)), root=root)


@pytest.mark.parametrize(("index", "size"), [(8, 8), (-1, 8), (0, 0)])
def test_a_place_outside_of_the_tree_proves_nothing(index: int, size: int) -> None:
    with pytest.raises(VerificationError):
        verify_inclusion(HASHES[0], index=index, size=size, path=(), root=HASHES[0])


@pytest.mark.parametrize(
    ("first", "size", "path"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_paths_are_those_of_the_reference_log(first: int, size: int, path: list[str]) -> None:
    assert [one.hex() for one in consistency_path(HASHES[:size], first)] == path


def test_every_tree_proves_that_it_grew_from_every_smaller_one_and_from_no_other() -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(40)]
    roots = [root_of(leaves[:size]) for size in range(41)]
    other = root_of([leaf_hash(b"other")])
    for size in range(1, 41):
        for first in range(1, size + 1):
            path = consistency_path(leaves[:size], first)
            grown = {"first_size": first, "first_root": roots[first], "size": size, "root": roots[size], "path": path}
            assert verify_consistency(**grown) == roots[size]
            changes = [{"path": path[:-1]}] if path else []
            changes += [{"path": (*path, other)}, {"first_root": other}, {"root": other}, {"first_size": size + 1}]
            for change in changes:
                with pytest.raises(VerificationError):
                    verify_consistency(**{**grown, **change})


def test_everything_grows_from_the_empty_tree_and_only_from_it() -> None:
    root = root_of(HASHES)
    assert verify_consistency(first_size=0, first_root=root_of([]), size=8, root=root, path=()) == root
    with pytest.raises(VerificationError):
        verify_consistency(first_size=0, first_root=root, size=8, root=root, path=())
