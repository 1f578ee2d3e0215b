"""Quality scores of regions and images."""

from stages.score.grades import quality_word
from stages.score.score import ScoreConfig, ScoreStage

__all__ = ["ScoreConfig", "ScoreStage", "quality_word"]
