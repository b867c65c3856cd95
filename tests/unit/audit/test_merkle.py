import pytest

from strongroom.audit.merkle import (
    EMPTY_ROOT,
    PROOF_HASHES_MAX,
    CompactRange,
    leaf_hash,
    verify_consistency_path,
    verify_inclusion_path,
)
from strongroom.errors import IntegrityError

A, B = b"a" * 32, b"b" * 32


def test_a_subtree_must_start_where_the_tree_ends() -> None:
    tree = CompactRange()
    tree.add(A)
    with pytest.raises(IntegrityError, match="does not start"):
        tree.add_subtree(1, B)


def test_subtrees_and_leaves_give_the_same_tree() -> None:
    by_leaf, by_subtree, half = CompactRange(), CompactRange(), CompactRange()
    leaves = [leaf_hash(bytes([n])) for n in range(5)]
    for leaf in leaves:
        by_leaf.add(leaf)
    for leaf in leaves[:4]:
        half.add(leaf)
    by_subtree.add_subtree(2, half.root())
    by_subtree.add(leaves[4])
    assert by_subtree.root() == by_leaf.root()
    assert by_subtree.size == 5


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (7, 3)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(IntegrityError, match="outside"):
        verify_inclusion_path(leaf=A, index=index, size=size, root=A, path=[])


def test_a_proof_of_too_many_hashes_is_refused_before_hashing() -> None:
    with pytest.raises(IntegrityError, match="too many"):
        verify_inclusion_path(leaf=A, index=0, size=1, root=A, path=[A] * (PROOF_HASHES_MAX + 1))


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "path"),
    [
        (2, A, 1, B, []),
        (-1, A, 1, B, []),
        (0, A, 1, B, []),
        (0, EMPTY_ROOT, 1, B, [A]),
        (3, A, 3, B, []),
        (3, A, 3, A, [A]),
        (3, A, 5, B, []),
    ],
)
def test_impossible_consistency_claims_are_refused(
    old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]
) -> None:
    with pytest.raises(IntegrityError, match="consistency proof"):
        verify_consistency_path(old=old, old_root=old_root, new=new, new_root=new_root, path=path)
