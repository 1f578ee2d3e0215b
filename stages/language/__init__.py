"""English for the authors: nouns and agreement, names of regions, words for distortions, and what may be said."""
