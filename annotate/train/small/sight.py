"""A start for the small model that sees distortions already: `python -m annotate.train.small.sight PHOTOS RUN OUT`.

The answer to a question is a word or two, which tells a random vision tower little about which of 36 visual tokens
shows what. A planted mask tells it for every token. So the tower learns first, alone and from dense labels, which
families lie in which cell; the head that it answers with is thrown away. Distortions are planted in fresh views of
PHOTOS by `stages.distort`, the mechanism that makes the truth everywhere else. One photo in `ASIDE` is not learned
from, and tells how well the tower sees photos that are new to it.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import numpy.typing as npt
import typer

from annotate.evaluate.images import pixels_of, read_file
from annotate.train.examples import Selection, read_examples
from annotate.train.models import load_model
from annotate.train.small.build import MERGE, PATCH_PX, write_small_model
from annotate.train.small.views import SIDE_PX, number_of, photographs, views_of
from manifests.masks import decode_mask
from manifests.vocabulary import FAMILIES

CELL_PX = PATCH_PX * MERGE
"""Side of what one visual token shows."""
CELLS = SIDE_PX // CELL_PX
ASIDE = 8
BATCH = 64
LEARNING_RATE = 2e-3
WARM_UP = 100
"""Steps."""
WHITENED = 800
"""Views that the first layer is fitted to."""
INSIDE, OUTSIDE = 0.8, 0.1
"""Share of a cell under the mask from which, and up to which, its label is certain; cells between are not scored."""

Views = npt.NDArray[np.uint8]
"""RGB [views, SIDE_PX, SIDE_PX, 3]."""
Labels = npt.NDArray[np.float32]
"""Share of each cell in which each family was planted, [views, families, CELLS, CELLS]."""


@dataclass(frozen=True)
class Planted:
    """Views with what was planted in them."""

    views: Views
    labels: Labels

    @classmethod
    def together(cls, parts: Sequence[Planted]) -> Planted:
        """All views of several photos."""
        return cls(np.concatenate([part.views for part in parts]), np.concatenate([part.labels for part in parts]))


def plant_views(photo: Path, count: int) -> Planted:
    """At most `count` views of a photograph, each with a region or all of it distorted. Raises InputError."""
    from stages.distort.masks import MaskConfig
    from stages.distort.planting import DistortConfig, plant_pixels

    cv2.setNumThreads(1)
    masks = MaskConfig(regions_min=1, regions_max=1, min_area=0.25, max_area=0.9)
    config = DistortConfig(untouched=0.08, whole_image=0.3, pairs=0.3, severity_min=2, masks=masks)
    content = read_file(photo)
    random = np.random.default_rng(number_of(content))
    views, labels = [], []
    for view in views_of(pixels_of(content, photo.name), random, count):
        pixels, regions = plant_pixels(view, [], random, config)
        shares = np.zeros((len(FAMILIES), CELLS, CELLS), np.float32)
        for region in regions:
            share = cv2.resize(
                decode_mask(region.mask).astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA
            )
            for distortion in region.distortions:
                family = FAMILIES.index(distortion.family)
                shares[family] = np.maximum(shares[family], share)
        views.append(pixels)
        labels.append(shares)
    empty = np.zeros((0, SIDE_PX, SIDE_PX, 3), np.uint8), np.zeros((0, len(FAMILIES), CELLS, CELLS), np.float32)
    return Planted(np.stack(views), np.stack(labels)) if views else Planted(*empty)


def plant_all(photos: Sequence[Path], views: int) -> tuple[Planted, Planted]:
    """About `views` views of all photos alike: those to learn from, and those of the photos set aside."""
    each = math.ceil(views / len(photos))
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        planted = list(pool.map(plant_views, photos, [each] * len(photos)))
    aside = [number_of(read_file(photo)) % ASIDE == 0 for photo in photos]
    learned = [part for part, left in zip(planted, aside, strict=True) if not left]
    judged = [part for part, left in zip(planted, aside, strict=True) if left]
    return Planted.together(learned), Planted.together(judged or learned[:1])


class Sight:
    """A vision tower with a head that names the families of each cell."""

    def __init__(self, tower: Any) -> None:
        import torch

        self.tower = tower
        self.head = torch.nn.Linear(tower.config.out_hidden_size, len(FAMILIES))
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.constant_(self.head.bias, -2.5)  # about how often a family lies in a cell
        tower.patch_embed.requires_grad_(False)
        tower.set_attn_implementation("eager")  # faster than the fused one for a hundred patches an image

    def parameters(self) -> list[Any]:
        """What is learned: all but the whitened first layer."""
        return [each for each in (*self.tower.parameters(), *self.head.parameters()) if each.requires_grad]

    def __call__(self, views: Views) -> Any:
        """Logits [views, families, CELLS, CELLS]."""
        import torch

        side = SIDE_PX // PATCH_PX
        grid = torch.tensor([[1, side, side]] * len(views))
        seen = self.tower(_patch_rows(views), grid_thw=grid).pooler_output
        return self.head(seen.float()).reshape(len(views), CELLS, CELLS, -1).permute(0, 3, 1, 2)

    def learn(self, planted: Planted, steps: int, seed: int, say: Any) -> None:
        """Cross-entropy per cell and family with AdamW and a cosine schedule; views are mirrored at random."""
        import torch

        random = np.random.default_rng(seed)
        optimizer = torch.optim.AdamW(self.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.05)
        order: list[int] = []
        losses = []
        for step in range(steps):
            if len(order) < BATCH:
                order = random.permutation(len(planted.views)).tolist()
            chosen, order = order[:BATCH], order[BATCH:]
            views, labels = planted.views[chosen], planted.labels[chosen]
            if random.random() < 0.5:
                views, labels = views[:, :, ::-1], labels[..., ::-1]
            rate = LEARNING_RATE * min(1, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))
            for group in optimizer.param_groups:
                group["lr"] = rate
            with _half():
                answers = self(views)
            loss = _loss(answers, labels)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            if (step + 1) % 100 == 0 or step + 1 == steps:
                say(f"step {step + 1} of {steps}: loss {np.mean(losses[-100:]):.4f}")

    def figures(self, planted: Planted) -> dict[str, Any]:
        """How often the surest family of a cell is the planted one, in cells with exactly one; in all and by family."""
        import torch

        with torch.no_grad(), _half():
            parts = range(0, len(planted.views), BATCH)
            answers = torch.cat([self(planted.views[start : start + BATCH]) for start in parts])
        inside = planted.labels > INSIDE
        single = inside.sum(axis=1) == 1
        right = (answers.argmax(dim=1).numpy() == inside.argmax(axis=1)) & single
        return {
            "views": len(planted.views),
            "cells": int(single.sum()),
            "family_accuracy": _share(right, single),
            "by_family": {name: _share(right, inside[:, number] & single) for number, name in enumerate(FAMILIES)},
        }


def _share(right: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float | None:
    return round(float(right[of].mean()), 4) if of.any() else None


def _half() -> Any:
    import torch

    return torch.autocast("cpu", torch.bfloat16)


def _loss(answers: Any, shares: Labels) -> Any:
    import torch

    labels = torch.from_numpy(np.ascontiguousarray(shares))
    certain = ((labels > INSIDE) | (labels < OUTSIDE)).float()
    each = torch.nn.functional.binary_cross_entropy_with_logits(answers, (labels > 0.5).float(), reduction="none")
    return (each * certain).sum() / certain.sum()


def _patch_rows(views: Views) -> Any:
    """Patches as the model's processor gives them: [views x patches, channels x frames x rows x columns], -1 to 1."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(views)).float().div(127.5).sub(1).permute(0, 3, 1, 2)
    parts = pixels.reshape(len(views), 3, CELLS, MERGE, PATCH_PX, CELLS, MERGE, PATCH_PX)
    cells_first = parts.permute(0, 2, 5, 3, 6, 1, 4, 7).unsqueeze(6)
    return cells_first.expand(-1, -1, -1, -1, -1, -1, 2, -1, -1).reshape(-1, 3 * 2 * PATCH_PX**2)


def write_seeing_model(
    photos: Path, run: Path, out: Path, *, steps: int, views: int, seed: int, say: Any = print
) -> dict[str, Any]:
    """Write a starting model for `annotate train --model OUT`; its tokenizer is that of the run's texts.

    Gives the figures of the photos set aside, which also stand in `sight.json`. Raises AnnotateError.
    """
    import torch

    torch.manual_seed(seed)
    began = time.monotonic()
    files = photographs(photos)
    texts = [f"{each.question}\n{each.answer}" for each in read_examples([run], Selection()).examples]
    learned, judged = plant_all(files, views)
    say(f"{len(learned.views):,} views of {len(files)} photographs planted, {len(judged.views):,} set aside")
    random = np.random.default_rng(seed)
    write_small_model(out, texts, list(learned.views[random.permutation(len(learned.views))[:WHITENED]]), seed)
    model = load_model(out)
    sight = Sight(model.model.visual)
    sight.learn(learned, steps, seed, say)
    figures = {
        "photos": len(files),
        "views": len(learned.views),
        "steps": steps,
        "batch": BATCH,
        "seed": seed,
        "photos_set_aside": sight.figures(judged),
        "seconds": round(time.monotonic() - began),
    }
    model.save_pretrained(out)
    (out / "sight.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def _main(
    photos: Annotated[Path, typer.Argument(help="Folder of good photographs to plant distortions in")],
    run: Annotated[Path, typer.Argument(help="Finished run whose texts the tokenizer is fitted to")],
    out: Annotated[Path, typer.Argument(help="Folder for the starting model")],
    steps: Annotated[int, typer.Option(min=1, help="Steps of 64 views")] = 1500,
    views: Annotated[int, typer.Option(min=1, help="Views that are planted")] = 32_000,
    seed: Annotated[int, typer.Option(help="Seed of weights and order")] = 0,
) -> None:
    """Teach the vision tower of the small model to see planted distortions, and write it as a starting model."""
    figures = write_seeing_model(photos, run, out, steps=steps, views=views, seed=seed)
    typer.echo(json.dumps(figures["photos_set_aside"]))


if __name__ == "__main__":
    typer.run(_main)
