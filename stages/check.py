"""The `check` stage: claims of a report against the measurements, whoever wrote it.

Only strong evidence contradicts. "There is blur" is contradicted by edges that were measured crisp, with no blur found
on anything that overlaps; "there is no blur" by a measured distortion of at least moderate severity; a degree by a
measured one that lies three or more steps away. What lies between is left to the author.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from manifests.records import Attributes, Claim, ImageRecord, Report
from manifests.vocabulary import SEVERITY_WORDS, Family
from stages.language import quality_words
from stages.language.digest import data_of
from stages.language.distortions import FAMILY_WORDS
from stages.language.evidence import NO_BLOCKS, NO_PIXELS, Evidence, of_image, of_region
from stages.language.phrase_claims import claims_of
from stages.language.sentences import without
from stages.measure import scales
from stages.stage import Stage, StageConfig

STRONG_SEVERITY = 3
"""Measured severity from which "there is none" is wrong."""

STEPS_APART = 3
"""Difference of severities from which a degree is wrong."""

MIDDLE_LUMINANCE = (scales.DIM + scales.BRIGHT) / 2


@dataclass(frozen=True)
class Bound:
    """An attribute on the good side of a bound: at or above it, or below it."""

    attribute: str
    at_least: bool
    bound: float

    def holds(self, values: Attributes) -> bool:
        """Whether the attribute was measured and lies on the good side."""
        value: float | None = getattr(values, self.attribute)
        return value is not None and (value >= self.bound if self.at_least else value < self.bound)

    def said(self, values: Attributes) -> str:
        """The measured number beside the bound."""
        relation = "at least" if self.at_least else "below"
        return f"{self.attribute} {getattr(values, self.attribute):g} ({relation} {self.bound:g})"


REFUTED_BY: dict[Family, tuple[Bound, ...]] = {
    "blur": (Bound("sharpness", True, scales.CRISP),),
    "noise": (Bound("noise", False, scales.CLEAN),),
    "compression": (Bound("compression", False, NO_BLOCKS),),
    "brighten": (
        Bound("overexposed", False, scales.WELL_EXPOSED_CLIPPED),
        Bound("luminance", False, MIDDLE_LUMINANCE),
    ),
    "darken": (
        Bound("underexposed", False, scales.WELL_EXPOSED_CLIPPED),
        Bound("luminance", True, MIDDLE_LUMINANCE),
    ),
    "contrast-weaken": (Bound("contrast", True, scales.HIGH_CONTRAST),),
    "contrast-strengthen": (Bound("contrast", False, scales.LOW_CONTRAST),),
    "saturation-weaken": (Bound("saturation", True, scales.COLOURFUL),),
    "saturation-strengthen": (Bound("saturation", False, scales.MUTED),),
    "pixelate": (Bound("pixelation", False, NO_PIXELS),),
}
"""What must all be measured to refute a distortion of a family; families without an entry cannot be refuted."""


class CheckConfig(StageConfig):
    """`drop` takes sentences with a contradicted claim out of the passage; a passage left empty goes.

    Given texts are never changed: there the phrase loses its boxes.
    """

    drop: bool = False
    """Take contradicted claims out of the labels instead of only recording them."""


class Check(Stage):
    """Marks contradicted claims in the report."""

    name: ClassVar[str] = "check"
    needs: ClassVar[frozenset[str]] = frozenset({"report", "regions", "attributes", "distortions"})
    adds: ClassVar[frozenset[str]] = frozenset({"report"})
    Config = CheckConfig
    config: CheckConfig

    def __call__(self, rows: list[ImageRecord]) -> list[ImageRecord]:
        """Mark, and drop if the recipe says so, in each row's report."""
        for row in rows:
            if row.report is None:
                continue
            if row.phrases:
                self._check_phrases(row, row.report)
                continue
            mark(row, row.report)
            if self.config.drop:
                drop_contradicted(row.report)
        return rows

    def _check_phrases(self, row: ImageRecord, report: Report) -> None:
        """Fill the claims of given texts from their phrases, and mark them."""
        claims = [(phrase, claims_of(row, phrase)) for phrase in row.phrases]
        for phrase, said in claims:
            report.passages[phrase.passage].claims += said
        mark(row, report)
        for phrase, said in claims:
            if self.config.drop and phrase.drop_reason is None and any(claim.contradicted for claim in said):
                phrase.drop(self.name, "contradicted")

    def concurrent(self) -> bool:
        """Every row is a matter of its own, so the stage can share the workers of a language model."""
        return True

    def undo(self, row: ImageRecord) -> None:
        """Take the marks off the claims."""
        for passage in row.report.passages if row.report else ():
            if row.phrases:
                passage.claims = []
            for claim in passage.claims:
                claim.contradicted, claim.contradiction = False, None
        for phrase in row.phrases:
            phrase.take_back(self.name)

    def undoable(self) -> bool:
        """Sentences that were taken out are gone."""
        return not self.config.drop

    def prompts(self) -> Mapping[str, str]:
        """The thresholds that refute, and the words of quality in given texts."""
        return data_of(scales, quality_words)


def mark(row: ImageRecord, report: Report) -> None:
    """Set `contradicted` and `contradiction` of every claim of the report."""
    evidence = {region.region_id: of_region(row, region) for region in row.regions}
    image = of_image(row)
    for passage in report.passages:
        for claim in passage.claims:
            about = [evidence[number] for number in claim.region_ids if number in evidence]
            facts = [contradiction(claim, item) for item in (about if claim.region_ids else [image])]
            found = [fact for fact in facts if fact]
            claim.contradicted = bool(found)
            claim.contradiction = "; ".join(found) or None


def contradiction(claim: Claim, evidence: Evidence) -> str | None:
    """The measured fact that contradicts a claim about one thing, in words with the number, or None."""
    thing = f"region #{evidence.region_ids[0]}" if evidence.region_ids else "the image"
    name, severity = FAMILY_WORDS[claim.family].name, evidence.severity(claim.family)
    measured = f"{thing}: {name} was measured at severity {severity} of 5 ({SEVERITY_WORDS.get(severity or 0, 'none')})"
    if not claim.present:
        return measured if severity is not None and severity >= STRONG_SEVERITY else None
    if severity is not None:
        wrong_degree = claim.severity is not None and abs(claim.severity - severity) >= STEPS_APART
        return measured if wrong_degree else None
    bounds = REFUTED_BY.get(claim.family, ())
    if not bounds or claim.family in evidence.possible or not all(bound.holds(evidence.attributes) for bound in bounds):
        return None
    facts = " and ".join(bound.said(evidence.attributes) for bound in bounds)
    return f"{thing}: no {name} was found, {facts}"


def drop_contradicted(report: Report) -> None:
    """Take out sentences with contradicted claims and the claims that stood in them."""
    for passage in report.passages:
        for claim in [claim for claim in passage.claims if claim.contradicted]:
            passage.text = without(passage.text, claim.text, claim.region_ids)
        passage.claims = [claim for claim in passage.claims if claim.text.lower() in passage.text.lower()]
    report.passages = [passage for passage in report.passages if passage.text]
