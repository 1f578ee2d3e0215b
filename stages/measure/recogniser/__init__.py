"""The recogniser: a small network that names family and severity of spoilt areas, and what trains it."""
