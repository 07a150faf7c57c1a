"""The node agent: reads bay sensors, keeps every reading until the hub has stored it."""

VERSION = "0.1.0"
