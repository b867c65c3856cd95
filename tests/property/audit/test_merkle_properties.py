from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency_path,
    verify_inclusion_path,
)
from strongroom.errors import IntegrityError
from strongroom.primitives.digest import sha256

SIZES = 70
LEAVES = [leaf_hash(b"%d" % number) for number in range(SIZES)]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(naive_root(leaves[:half]), naive_root(leaves[half:]))


def nodes(height: int, index: int) -> bytes:
    return naive_root(LEAVES[index << height : (index + 1) << height])


ROOTS = [naive_root(LEAVES[:size]) for size in range(SIZES + 1)]


def test_the_compact_range_agrees_with_the_definition_at_every_size() -> None:
    tree = CompactRange()
    for size, leaf in enumerate(LEAVES):
        assert tree.root() == ROOTS[size] == root_at(nodes, size)
        assert tree.size == size
        tree.add(leaf)
    assert tree.root() == ROOTS[SIZES]


def test_every_complete_node_is_announced_once() -> None:
    seen: dict[tuple[int, int], bytes] = {}

    def on_node(height: int, index: int, node: bytes) -> None:
        assert (height, index) not in seen
        seen[height, index] = node

    tree = CompactRange(on_node)
    for leaf in LEAVES:
        tree.add(leaf)
    assert seen == {
        (height, index): nodes(height, index) for height in range(7) for index in range(SIZES >> height)
    }


def test_every_leaf_of_every_tree_is_proved_and_no_other() -> None:
    for size in range(1, SIZES + 1):
        for index in range(size):
            path = inclusion_path(nodes, index, size)
            verify_inclusion_path(leaf=LEAVES[index], index=index, size=size, root=ROOTS[size], path=path)
            if size > 1:
                with pytest.raises(IntegrityError):
                    verify_inclusion_path(
                        leaf=LEAVES[index], index=(index + 1) % size, size=size, root=ROOTS[size], path=path
                    )


def test_every_pair_of_sizes_is_proved_consistent() -> None:
    for new in range(SIZES + 1):
        for old in range(new + 1):
            path = consistency_path(nodes, old, new)
            verify_consistency_path(old=old, old_root=ROOTS[old], new=new, new_root=ROOTS[new], path=path)


@given(st.data())
def test_an_altered_inclusion_proof_does_not_verify(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SIZES))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(nodes, index, size)
    damaged = data.draw(st.sampled_from(damages(path)))
    with pytest.raises(IntegrityError):
        verify_inclusion_path(leaf=LEAVES[index], index=index, size=size, root=ROOTS[size], path=damaged)


@given(st.data())
def test_an_altered_consistency_proof_does_not_verify(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, SIZES))
    old = data.draw(st.integers(1, new - 1))
    path = consistency_path(nodes, old, new)
    damaged = data.draw(st.sampled_from(damages(path)))
    with pytest.raises(IntegrityError):
        verify_consistency_path(old=old, old_root=ROOTS[old], new=new, new_root=ROOTS[new], path=damaged)


def damages(path: list[bytes]) -> list[list[bytes]]:
    """Every way to drop, double, alter, cut or swap a hash of `path`."""
    found = [path[:i] + path[i + 1 :] for i in range(len(path))]
    found += [[*path[:i], node, *path[i:]] for i, node in enumerate(path)]
    found += [[*path[:i], sha256(node), *path[i + 1 :]] for i, node in enumerate(path)]
    found += [[*path[:i], node[:31], *path[i + 1 :]] for i, node in enumerate(path)]
    found += [[*path, sha256(b"more")]]
    found += [[*path[:i], b, a, *path[i + 2 :]] for i, (a, b) in enumerate(pairwise(path)) if a != b]
    return found
