"""Nouns: what a run is asked to make, and what it made. No model and no Ray here."""
