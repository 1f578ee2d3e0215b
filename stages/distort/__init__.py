"""Distort: degrade known regions of good photos by known distortions, so that the truth of a label is exact."""

from stages.distort.planting import DistortConfig, PlantedRegion, plant_pixels
from stages.distort.stage import Distort, Planted, Truth, plant

__all__ = ["Distort", "DistortConfig", "Planted", "PlantedRegion", "Truth", "plant", "plant_pixels"]
