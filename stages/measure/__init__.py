"""Local evidence of quality: estimators, severities, areas, and the stage that puts them together."""

from stages.measure.measure import Measure, MeasureConfig

__all__ = ["Measure", "MeasureConfig"]
