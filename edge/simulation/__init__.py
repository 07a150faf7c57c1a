"""The simulated town: cars, visitors and faults that drive the real agents through mock pins over the real broker."""
