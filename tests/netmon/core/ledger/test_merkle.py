"""The tree against a plain reading of RFC 9162, and against the vectors that every certificate log is tested with."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.core.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    range_roots,
    verify_consistency,
    verify_inclusion,
)
from netmon.core.ledger.record import leaf_hash

# The leaves and the roots over the first 0, 1, … 8 of them that Certificate Transparency's implementations share.
LEAVES = [
    leaf_hash(bytes.fromhex(data))
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

trees = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def root(leaves: list[bytes]) -> bytes:
    tree = Frontier()
    tree.extend(leaves)
    return tree.root()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


def test_known_inclusion_proofs() -> None:
    assert [each.hex() for each in inclusion_proof(LEAVES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in inclusion_proof(LEAVES[:3], 2)] == [ROOTS[2]]


def test_known_consistency_proof() -> None:
    assert [each.hex() for each in consistency_proof(LEAVES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(trees)
def test_root_is_the_naive_one(leaves: list[bytes]) -> None:
    tree = Frontier()
    for leaf in leaves:
        tree.push(leaf)
    assert tree.root() == root(leaves) == naive_root(leaves)


@given(trees, st.data())
def test_a_frontier_goes_on_from_its_hashes(leaves: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(leaves)))
    tree = Frontier()
    tree.extend(leaves[:first])
    again = Frontier(tree.hashes, tree.size)
    again.extend(leaves[first:])
    assert (again.size, again.root()) == (len(leaves), naive_root(leaves))
    assert tree.size == first  # and leaves the first alone


def test_a_copy_is_its_own() -> None:
    tree = Frontier(LEAVES[:1], 1)
    tree.copy().push(LEAVES[1])
    assert (tree.size, tree.root()) == (1, LEAVES[0])


@pytest.mark.parametrize(("hashes", "size"), [((), 1), (LEAVES[:1], 3), (LEAVES[:1], -1), ((b"short",), 1)])
def test_hashes_that_are_no_frontier(hashes: tuple[bytes, ...], size: int) -> None:
    with pytest.raises(ValueError, match="has not these"):
        Frontier(hashes, size)


@given(trees, st.data())
def test_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, naive_root(leaves))


@given(trees, st.data())
def test_inclusion_of_something_else_fails(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, top = inclusion_proof(leaves, index), naive_root(leaves)
    assert not verify_inclusion(sha256(leaves[index]).digest(), index, len(leaves), proof, top)
    assert not verify_inclusion(leaves[index], index, len(leaves), [*proof, top], top)
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), proof, top)
    assert not verify_inclusion(leaves[index], index, len(leaves), proof, sha256(top).digest())
    for cut in range(len(proof)):
        assert not verify_inclusion(leaves[index], index, len(leaves), proof[:cut] + proof[cut + 1 :], top)


@given(trees, st.data())
def test_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(leaves, old)
    before, after = naive_root(leaves[:old]), naive_root(leaves)
    assert verify_consistency(old, len(leaves), before, after, proof)
    assert not verify_consistency(old, len(leaves), sha256(before).digest(), after, proof)
    assert not verify_consistency(old, len(leaves), before, sha256(after).digest(), proof)
    assert not verify_consistency(old, len(leaves), before, after, [*proof, before])
    for cut in range(len(proof)):
        assert not verify_consistency(old, len(leaves), before, after, proof[:cut] + proof[cut + 1 :])


@given(trees, st.data())
def test_inclusion_ranges_are_every_leaf_but_one(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    covered = sorted(each for found in inclusion_ranges(index, len(leaves)) for each in found)
    assert covered == [each for each in range(len(leaves)) if each != index]


def test_ranges_from_a_later_leaf_on() -> None:
    assert range_roots(LEAVES[4:], [range(6, 8), range(4, 5)], first=4) == [naive_root(LEAVES[6:]), LEAVES[4]]


def test_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        inclusion_ranges(8, 8)
    with pytest.raises(IndexError):
        consistency_ranges(0, 8)
    with pytest.raises(IndexError):
        consistency_ranges(9, 8)
    with pytest.raises(IndexError):
        range_roots(LEAVES, [range(4, 9)])
    assert Frontier().root() == EMPTY_ROOT
    assert not verify_consistency(0, 8, EMPTY_ROOT, root(LEAVES), [])
