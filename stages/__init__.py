"""Verbs: one file or folder per stage. A stage owns its model, never a scheduler."""
