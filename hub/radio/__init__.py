"""Sensors of other makers over other people's networks: LoRaWAN (ChirpStack, The Things Stack) and JSON."""
