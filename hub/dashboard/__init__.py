"""The control room: what needs a person today, and the proof that no reading got lost."""
