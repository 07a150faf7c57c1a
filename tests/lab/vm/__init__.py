"""A node in a virtual machine: a kernel of its own with simulated radios, and a disk whose power can be cut."""
