"""Detect objects: one interface, one module per detector."""

from stages.detect.options import DetectConfig
from stages.detect.stage import Detect

__all__ = ["Detect", "DetectConfig"]
