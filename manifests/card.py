"""The dataset card (README.md of the output folder): what was run, what came of it, how to load it, what it may not.

Made from run.json and the manifests alone, without a clock, so that equal runs have equal cards. The input's folder is
not named: a dataset that is passed on should not tell whose disk it came from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import yaml

from manifests.commit import ReasonCount, ShardManifest
from manifests.run import RunFile
from manifests.status import Status
from manifests.tables import TABLES

_REASONS_SHOWN = 20

_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_SIZE_WORDS = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")

_LIMITS = """\
- Labels come from models and measurements, not from people; nobody has checked them one by one.
- Boxes are those of the upright image (EXIF orientation applied), `x1, y1, x2, y2` in pixels; boxes inside texts \
stand on a 20x20 grid and are as coarse as its cells.
- Of animated or paged files, only the first frame is annotated; transparency is taken as white.
- Images with equal bytes are annotated once; near-duplicates are not looked for.
- The licences of the photos themselves are not known to this tool: check them before you pass images on."""


def dataset_card(file: RunFile, status: Status, manifests: Iterable[ShardManifest]) -> str:
    """Markdown with the YAML head that makes `load_dataset(folder, table)` work."""
    not_embedded: Counter[str] = Counter()
    for manifest in manifests:
        not_embedded.update(manifest.not_embedded)
    name = str(file.run.recipe.get("recipe", "annotate"))
    sections = (
        f"# Grounded image-quality dataset, recipe `{name}`\n\n{_summary(file, status)}",
        f"## Tables\n\n{_tables(status)}",
        f"## What became of the inputs\n\n{_outcomes(file, status)}",
        f"## How to load it\n\n{_loading()}",
        f"## How it was made\n\n{_making(file, not_embedded)}",
        f"## Licences that this run touched\n\n{_licences(file)}",
        f"## Known limits\n\n{_LIMITS}",
    )
    return f"---\n{_head(status)}---\n\n" + "\n\n".join(sections) + "\n"


def _head(status: Status) -> str:
    images = status.rows.get("annotations", 0)
    size = next((word for limit, word in zip(_SIZES, _SIZE_WORDS, strict=False) if images < limit), _SIZE_WORDS[-1])
    configs = [
        {
            "config_name": table.name,
            "data_files": [{"split": "train", "path": f"{table.name}/*.parquet"}],
            **({"default": True} if table.name == "descriptions" else {}),
        }
        for table in TABLES
    ]
    head = {
        "license": "other",
        "license_name": "see-below",
        "language": ["en"],
        "pretty_name": "Grounded image-quality dataset",
        "task_categories": ["visual-question-answering", "image-to-text", "object-detection"],
        "tags": ["image-quality-assessment", "visual-grounding", "grounding-iqa", "giqa-des", "giqa-vqa"],
        "size_categories": [size],
        "configs": configs,
    }
    return yaml.safe_dump(head, sort_keys=False)


def _summary(file: RunFile, status: Status) -> str:
    ok = status.outcomes.get("ok", 0)
    summary = str(file.run.recipe.get("summary", "")).strip()
    texts = (
        f"{ok:,} images with {status.rows.get('descriptions', 0):,} descriptions, {status.rows.get('vqa', 0):,} "
        f"questions, {status.rows.get('points', 0):,} point labels and {status.rows.get('regions', 0):,} regions."
    )
    return f"{summary}\n\n{texts}" if summary else texts


def _tables(status: Status) -> str:
    rows = [(f"`{table.name}`", f"{status.rows.get(table.name, 0):,}", table.meaning) for table in TABLES]
    return _markdown_table(("table", "rows", "what it holds"), rows)


def _outcomes(file: RunFile, status: Status) -> str:
    rows = [(name, f"{count:,}") for name, count in status.outcomes.items()]
    if status.not_taken:
        rows.append((f"not in this run (`--take {file.run.take}`)", f"{status.not_taken:,}"))
    rows.append(("**inputs**", f"**{status.inputs:,}**"))
    parts = [_markdown_table(("outcome", "inputs"), rows)]
    if status.reasons:
        parts.append(_reasons(status.reasons))
    if file.run.ignored:
        counts = ", ".join(f"{count:,} {_escaped(what)}" for what, count in file.run.ignored.items())
        parts.append(f"Files beside the images that were not looked at: {counts}.")
    return "\n\n".join(parts)


def _reasons(reasons: Sequence[ReasonCount]) -> str:
    rows = [(said.outcome, said.stage or "", said.reason or "", f"{said.count:,}") for said in reasons[:_REASONS_SHOWN]]
    table = _markdown_table(("outcome", "stage", "reason", "inputs"), rows)
    rest = sum(said.count for said in reasons[_REASONS_SHOWN:])
    return f"{table}\n\nand {rest:,} inputs with other reasons." if rest else table


def _loading() -> str:
    return """\
```python
from datasets import load_dataset

descriptions = load_dataset("path/of/this/folder", "descriptions", split="train")
```

```sql
-- DuckDB
SELECT outcome, count(*) FROM 'annotations/*.parquet' GROUP BY outcome;
```

```python
import pandas

questions = pandas.read_parquet("vqa")
```

`image_id` joins the tables, `(image_id, region_id)` joins regions. `uri` is relative to the folder of the images."""


def _making(file: RunFile, not_embedded: Mapping[str, int]) -> str:
    run, plan = file.run, file.plan
    facts = [
        ("fingerprint", f"`{run.fingerprint}`"),
        ("seed", str(run.seed)),
        ("shards", f"{plan.shards:,} of at most {plan.shard_size} images"),
        ("take", run.take or "all images"),
        ("images embedded", "yes, without metadata" if run.embed_images else "no"),
    ]
    if run.started:
        facts.insert(0, ("started", run.started))
    parts = [_markdown_table(("", ""), facts)]
    parts.append(_markdown_table(("stage", "identity"), [(s.name, f"`{s.identity[:16]}`") for s in run.stages]))
    if run.versions:
        parts.append(_markdown_table(("package", "version"), sorted(run.versions.items())))
    if run.weights:
        weights = [(name, f"`{digest}`") for name, digest in sorted(run.weights.items())]
        parts.append(_markdown_table(("weights", "sha256"), weights))
    if not_embedded:
        rows = [(reason, f"{count:,}") for reason, count in sorted(not_embedded.items())]
        parts.append("Images that are not embedded:\n\n" + _markdown_table(("reason", "images"), rows))
    recipe = yaml.safe_dump(json.loads(json.dumps(run.recipe)), sort_keys=False, allow_unicode=True, width=110)
    parts.append(f"The recipe as it was run:\n\n```yaml\n{recipe}```")
    return "\n\n".join(parts)


def _licences(file: RunFile) -> str:
    if not file.run.licences:
        return "None beside this tool's own (Apache-2.0)."
    return _markdown_table(("what", "licence"), sorted(file.run.licences.items()))


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _escaped(text: str) -> str:
    """Text of strangers (file names, error messages) inside a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
