"""The hub: stores what the nodes report and serves the town's pages."""
