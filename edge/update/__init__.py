"""A new release on this node: fetched without rights, checked and installed with them, taken back when it fails.

`fetch` runs as the agent's user and writes into <state>/update; the units stadtknoten-update and
stadtknoten-update-recover run `apply` and `recover` out of the last good release (the link `good`), never out of the
one on trial. Neither believes the other: what was fetched is verified again.
"""
