"""The run that always says the same: what a figure is worth is how far it lies above this.

It knows more than it should: the mean size of the planted regions, the most common family and severity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from annotate.bench.planted.figures import Item
from annotate.bench.planted.matching import Place, planted_on
from annotate.bench.planted.questions import decide_what
from annotate.bench.planted.score import Observations, observe_claims, planted_places
from annotate.bench.planted.truth import Truth, TruthImage
from manifests.masks import mask_of_box
from manifests.records import BoxXYXYPx, Distortion, ImageRecord
from manifests.vocabulary import Family


@dataclass(frozen=True)
class Constant:
    """One claim for every image: a box in the middle, as a share of each side, with one distortion."""

    share_x: float
    share_y: float
    family: Family
    severity: int

    @classmethod
    def of(cls, truth: Truth) -> Constant | None:
        """The mean sides, the most common family and the middle severity of what was planted; None for nothing."""
        planted = [(image, region) for image in truth.images.values() for region in image.regions]
        if not planted:
            return None
        wide, high = 0.0, 0.0
        for image, region in planted:
            x1, y1, x2, y2 = region.box_xyxy_px
            wide, high = wide + (x2 - x1) / image.width, high + (y2 - y1) / image.height
        families = Counter(region.distortions[0].family for _, region in planted)
        severities = sorted(region.distortions[0].severity for _, region in planted)
        most = min(families, key=lambda family: (-families[family], family))
        return cls(wide / len(planted), high / len(planted), most, severities[len(severities) // 2])

    def box(self, width: int, height: int) -> BoxXYXYPx:
        """The box in pixels."""
        wide, high = self.share_x * width, self.share_y * height
        return ((width - wide) / 2, (height - high) / 2, (width + wide) / 2, (height + high) / 2)

    def claim(self, image: TruthImage) -> Place:
        """The claim about one image, as region 1."""
        box = self.box(image.width, image.height)
        distortion = Distortion(family=self.family, name=self.family, severity=self.severity)
        return Place(1, box, mask_of_box(box, image.width, image.height), (distortion,))


def observe_constant(truth: Truth, records: Mapping[str, ImageRecord]) -> Observations:
    """Observations of the constant claim on the images that the run took, and of one answer to its what questions."""
    constant = Constant.of(truth)
    observations = Observations()
    if constant is None:
        return observations
    for image_id in sorted(truth.images.keys() & records.keys()):
        image = truth.images[image_id]
        planted, claim = planted_places(image), constant.claim(image)
        observations.extend(observe_claims(image, planted, [claim]))
        for question in records[image_id].questions:
            what = decide_what(question, records[image_id], planted) if question.family == "what" else None
            if what is None:
                continue
            if what.family is None:
                right = constant.family in what.expected
            else:
                right = any(place.severity(what.family) for place in planted_on(claim.inside, planted) or [])
            observations.items.append(Item("what", image.photo, float(right)))
    return observations
