"""The planted benchmark: degrade photos in known places, annotate them blind, compare with what was planted."""
