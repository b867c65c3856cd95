"""The main job as one command: an agent works on real records, and every state it passes through is examined.

`run.run_demo` is the entry. The rehearsal model, the agent and its tools are ordinary code; everything about
protection is observed from outside: from the bytes upstream received and the bytes left on disk.

Must never: be imported by the product. It is a client of it.
"""
