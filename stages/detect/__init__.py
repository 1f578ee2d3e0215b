"""Detect objects: one interface, one module per detector."""

from stages.detect.stage import Detect, DetectConfig

__all__ = ["Detect", "DetectConfig"]
