"""Starts the town as processes on one machine: broker, hub, simulated nodes, portal preview."""
