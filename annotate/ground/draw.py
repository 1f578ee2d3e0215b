"""A grounded answer as a picture: the mask tinted, the point as a cross, the true region as an outline."""

from __future__ import annotations

import io

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from manifests.masks import BoolArray

TINT_RGB, TRUTH_RGB, POINT_RGB = (255, 140, 0), (0, 220, 90), (255, 255, 255)


def overlay(
    rgb: npt.NDArray[np.uint8], inside: BoolArray | None, point_px: tuple[float, float] | None, truth: BoolArray | None
) -> bytes:
    """PNG of an image (uint8 RGB [height, width, 3]) with what was found and what is true, each if there is one."""
    drawn = rgb.copy()
    if inside is not None:
        drawn[inside] = (0.55 * drawn[inside] + 0.45 * np.array(TINT_RGB)).astype(np.uint8)
    stroke = max(round(min(rgb.shape[:2]) / 200), 1)
    if truth is not None:
        outlines, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, outlines, -1, TRUTH_RGB, stroke)
    if point_px is not None:
        at = (int(point_px[0]), int(point_px[1]))
        for colour, width in (((0, 0, 0), 3 * stroke), (POINT_RGB, stroke)):
            cv2.drawMarker(drawn, at, colour, cv2.MARKER_CROSS, 12 * stroke, width)
    written = io.BytesIO()
    Image.fromarray(drawn).save(written, "PNG")
    return written.getvalue()
