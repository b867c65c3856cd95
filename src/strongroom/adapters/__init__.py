"""One module per outside thing: the store, the roots, the clock of revocation, the upstreams.

An adapter implements a port that a room declared, and maps the outside thing's failures onto
`strongroom.errors`. `wiring` is the only room that names adapters.

Must never: import another adapter, or decide anything a room should decide.
"""
