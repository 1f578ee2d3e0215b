"""Measurements of the product on the machine it runs on; each prints a table and, last, one JSON line."""
