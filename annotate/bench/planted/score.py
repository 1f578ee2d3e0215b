"""Compare a run with what was planted: one list of observations, from which every figure is a mean or a correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from annotate.bench.planted.figures import Item, Pair
from annotate.bench.planted.matching import (
    LIES_ON,
    Place,
    best_box_iou,
    best_mask_iou,
    claims_of,
    covered,
    is_tagged,
    match_of,
    place_of,
    share_of_points_inside,
    shares_family,
)
from annotate.bench.planted.matching import SAME_PLACE_IOU as SAME
from annotate.bench.planted.questions import decide_what, decide_yes_no
from annotate.bench.planted.truth import Truth, TruthImage
from manifests.records import ImageRecord

ALARM_SEVERITY = 3
"""A claim of at least this severity (moderate) on an untouched photo is a false alarm."""


@dataclass
class Observations:
    """All that a run's comparison with the truth gave; `severities` pairs planted and claimed severity."""

    items: list[Item] = field(default_factory=list)
    severities: list[Pair] = field(default_factory=list)

    def extend(self, other: Observations) -> None:
        """Add another image's observations."""
        self.items.extend(other.items)
        self.severities.extend(other.severities)


def observe(truth: Truth, records: Mapping[str, ImageRecord]) -> Observations:
    """Observations of all images that the run annotated, in the order of their ids."""
    observations = Observations()
    for image_id in sorted(truth.images.keys() & records.keys()):
        observations.extend(observe_image(truth.images[image_id], records[image_id]))
    return observations


def observe_image(image: TruthImage, record: ImageRecord) -> Observations:
    """Observations of one image. An image whose outcome is not ok claims nothing and answers nothing."""
    planted = planted_places(image)
    claims = claims_of(record, image.width, image.height) if record.outcome == "ok" else []
    found = observe_claims(image, planted, claims)
    found.items.extend(_points(image, planted, claims, record))
    if record.outcome == "ok":
        found.items.extend(_answers(image, planted, record))
    return found


def planted_places(image: TruthImage) -> list[Place]:
    """The planted regions of an image."""
    return [place_of(region, image.width, image.height) for region in image.regions]


def observe_claims(image: TruthImage, planted: Sequence[Place], claims: Sequence[Place]) -> Observations:
    """Observations on claims alone: what is found, what it is called, and what is claimed where nothing is."""
    found = Observations()
    for place in planted:
        found.extend(_found(image.photo, place, claims))
    found.items.extend(_precision(image.photo, planted, claims))
    if not planted:
        found.items.extend(_alarms(image.photo, claims))
    return found


def _found(photo: str, place: Place, claims: Sequence[Place]) -> Observations:
    family, severity = place.main.family, place.main.severity
    match = match_of(place, claims)
    box_iou = best_box_iou(place, claims)

    def item(metric: str, value: float) -> Item:
        return Item(metric, photo, float(value), family, severity)

    items = [
        item("recall", box_iou > SAME),
        item("box_iou", box_iou),
        item("mask_iou", best_mask_iou(place, claims)),
        item("tag_recall", is_tagged(place, claims)),
    ]
    if match is None:
        return Observations(items)
    items.append(item("family", place.severity(match.main.family) > 0))
    claimed = match.severity(family)
    pairs = [Pair(photo, severity, claimed, family)] if claimed else []
    return Observations(items, pairs)


def _precision(photo: str, planted: Sequence[Place], claims: Sequence[Place]) -> list[Item]:
    """Whether each claimed region lies on planted regions, and whether it names what was planted there."""
    items = []
    for claim in claims:
        if claim.region_id is None:
            continue
        on = [place for place in planted if covered(claim.inside, place.inside) > 0]
        union = np.logical_or.reduce([place.inside for place in on]) if on else np.zeros_like(claim.inside)
        lies = covered(claim.inside, union) >= LIES_ON
        named = lies and any(shares_family(place, claim) for place in on)
        family, severity = claim.main.family, claim.main.severity
        items.append(Item("precision", photo, float(lies), family, severity))
        items.append(Item("precision_named", photo, float(named), family, severity))
    return items


def _alarms(photo: str, claims: Sequence[Place]) -> list[Item]:
    strong = [claim for claim in claims if claim.main.severity >= ALARM_SEVERITY]
    families = {found.family for claim in strong for found in claim.distortions if found.severity >= ALARM_SEVERITY}
    return [
        Item("alarm", photo, float(bool(strong))),
        Item("any_claim", photo, float(bool(claims))),
        *(Item("alarm_of", photo, 1.0, family) for family in sorted(families)),
    ]


def _points(image: TruthImage, planted: Sequence[Place], claims: Sequence[Place], record: ImageRecord) -> list[Item]:
    """Whether each positive point of a matched region lies on what was planted."""
    points = {label.region_id: label.points for label in record.points}
    items: list[Item] = []
    for place in planted:
        match = match_of(place, claims)
        family, severity = place.main.family, place.main.severity
        positive = [] if match is None else [(p.x, p.y) for p in points.get(match.region_id or 0, ()) if p.positive]
        items.extend(
            Item("points", image.photo, share_of_points_inside([point], place.inside), family, severity)
            for point in positive
        )
    return items


def _answers(image: TruthImage, planted: Sequence[Place], record: ImageRecord) -> list[Item]:
    family, severity = (planted[0].main.family, planted[0].main.severity) if planted else (None, None)
    items: list[Item] = []
    for question in record.questions:
        if question.family == "yes-no":
            closed = decide_yes_no(question, record, planted)
            if closed is not None:
                items.append(Item("yes_no", image.photo, float(closed.right), family, severity))
                items.append(Item("always_yes", image.photo, float(closed.expected), family, severity))
        elif question.family == "what":
            what = decide_what(question, record, planted)
            if what is not None:
                items.append(Item("what", image.photo, float(what.right), family, severity))
    return items
