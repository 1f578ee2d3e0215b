"""A benchmark's rows as tasks of Label Studio: the image with its boxes, the question, the answer to correct.

Boxes are in percent of the image, as Label Studio counts them; each carries its label as text of its own. The `id` of
the row stands in the task's data, so that a result finds its row again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.evaluate.answers import read_answer

TASKS, CONFIG = "label-studio.json", "label-studio.xml"
LOCAL_FILES = "/data/local-files/?d="
"""Where Label Studio serves files below its document root; the benchmark's folder must be that root."""

_CONFIG = """<View>
  <Header value="$question"/>
  <Image name="image" value="$image" zoom="true"/>
  <Rectangle name="box" toName="image"/>
  <TextArea name="label" toName="image" perRegion="true" editable="true" required="true" placeholder="label"/>
  <TextArea name="answer" toName="image" editable="true" maxSubmissions="1" rows="6"/>
  <Choices name="verdict" toName="image" choice="single" required="true">
    <Choice value="ok"/>
    <Choice value="reject"/>
  </Choices>
</View>
"""


def labelling_config() -> str:
    """The labelling interface that the tasks are for."""
    return _CONFIG


def labelling_tasks(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One task per row of `descriptions` and `vqa`, with the boxes of question and answer as a prediction."""
    return [_task(row) for row in rows]


def _task(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "data": {
            "id": row["id"],
            "image": f"{LOCAL_FILES}{row['uri']}",
            "kind": row.get("family", "description"),
            "question": row["question"],
            "answer": row["answer"],
        },
        "predictions": [{"model_version": row["author"], "result": _result(row)}],
    }


def _result(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    width, height = row["width"], row["height"]
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    found: list[dict[str, Any]] = [
        {"from_name": "answer", "to_name": "image", "type": "textarea", "value": {"text": [row["answer"]]}}
    ]
    tags = [tag for text in (row["question"], row["answer"]) for tag in read_answer(text, width, height).tags]
    for number, tag in enumerate(tags, start=1):
        x1, y1, x2, y2 = tag.box_xyxy_px
        place = {
            "x": round(100 * x1 / width, 4),
            "y": round(100 * y1 / height, 4),
            "width": round(100 * (x2 - x1) / width, 4),
            "height": round(100 * (y2 - y1) / height, 4),
            "rotation": 0,
        }
        common = {"id": f"box-{number}", "to_name": "image", **size}
        found.append({**common, "from_name": "box", "type": "rectangle", "value": place})
        found.append({**common, "from_name": "label", "type": "textarea", "value": {**place, "text": [tag.label]}})
    return found
