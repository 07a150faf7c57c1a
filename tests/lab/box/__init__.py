"""Whole machines without a hypervisor: a fresh Debian root, namespaces, and the real systemd as process 1."""
