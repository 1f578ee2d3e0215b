"""How much data is worth: train on nested subsets, judge each model on one benchmark, draw the curve."""
