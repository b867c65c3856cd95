"""The transparency log: who did what to which label, in a Merkle tree that cannot be edited unnoticed.

Entries are leaves of an RFC 9162 tree, one tree (a shard) per process; a signed checkpoint commits to each tree
and shards commit to each other's checkpoints. `log.AuditLog` appends, `verify.verify_audit` checks a whole
directory, `proof` takes one entry out so that it can be checked anywhere with the public key alone.

Must never: acknowledge what is not on disk, go on after a write failed, or record a protected value.
"""
