"""Two label sets and the bridge between them: COCO detection (80 classes) and ImageNet-1k (1000 classes).

COCO ids are numbered as in the TensorFlow model zoo: 1-90, ten of them unused. `IMAGENET_OF_COCO` names, for each COCO
label that ImageNet knows, the ImageNet classes that show the same thing; labels without a counterpart (person,
giraffe, kite, ...) are missing there on purpose.
"""

COCO_LABELS: dict[int, str] = {
    1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 5: "airplane", 6: "bus", 7: "train", 8: "truck", 9: "boat",
    10: "traffic light", 11: "fire hydrant", 13: "stop sign", 14: "parking meter", 15: "bench", 16: "bird", 17: "cat",
    18: "dog", 19: "horse", 20: "sheep", 21: "cow", 22: "elephant", 23: "bear", 24: "zebra", 25: "giraffe",
    27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase", 34: "frisbee", 35: "skis",
    36: "snowboard", 37: "sports ball", 38: "kite", 39: "baseball bat", 40: "baseball glove", 41: "skateboard",
    42: "surfboard", 43: "tennis racket", 44: "bottle", 46: "wine glass", 47: "cup", 48: "fork", 49: "knife",
    50: "spoon", 51: "bowl", 52: "banana", 53: "apple", 54: "sandwich", 55: "orange", 56: "broccoli", 57: "carrot",
    58: "hot dog", 59: "pizza", 60: "donut", 61: "cake", 62: "chair", 63: "couch", 64: "potted plant", 65: "bed",
    67: "dining table", 70: "toilet", 72: "tv", 73: "laptop", 74: "mouse", 75: "remote", 76: "keyboard",
    77: "cell phone", 78: "microwave", 79: "oven", 80: "toaster", 81: "sink", 82: "refrigerator", 84: "book",
    85: "clock", 86: "vase", 87: "scissors", 88: "teddy bear", 89: "hair drier", 90: "toothbrush",
}  # fmt: skip


def _classes(*spans: int | tuple[int, int]) -> frozenset[int]:
    """Single ImageNet class numbers and inclusive ranges of them, as one set."""
    single = {span for span in spans if isinstance(span, int)}
    return frozenset(single.union(*(range(span[0], span[1] + 1) for span in spans if isinstance(span, tuple))))


IMAGENET_OF_COCO: dict[str, frozenset[int]] = {
    "bicycle": _classes(444, 671),
    "car": _classes(436, 468, 475, 479, 511, 581, 609, 627, 654, 656, 661, 717, 734, 751, 817, 864),
    "motorcycle": _classes(665, 670),
    "airplane": _classes(404, 895, 908),
    "bus": _classes(654, 779, 829, 874),
    "train": _classes(466, 547, 705, 820, 829),
    "truck": _classes(555, 569, 656, 675, 717, 734, 864, 867),
    "boat": _classes(403, 472, 484, 510, 554, 576, 625, 628, 724, 780, 814, 833, 871, 914),
    "traffic light": _classes(920),
    "stop sign": _classes(919),
    "parking meter": _classes(704),
    "bench": _classes(703),
    "bird": _classes((7, 24), (80, 100), (127, 146)),
    "cat": _classes((281, 285)),
    "dog": _classes((151, 268)),
    "horse": _classes(339, 603),
    "sheep": _classes(348, 349),
    "cow": _classes(345, 346, 347),
    "elephant": _classes(101, 385, 386),
    "bear": _classes((294, 297)),
    "zebra": _classes(340),
    "backpack": _classes(414),
    "umbrella": _classes(879),
    "handbag": _classes(636, 748),
    "tie": _classes(451, 457, 834, 906),
    "skis": _classes(795),
    "sports ball": _classes(429, 430, 522, 574, 722, 768, 805, 852, 890),
    "bottle": _classes(440, 720, 737, 898, 907),
    "wine glass": _classes(572, 966),
    "cup": _classes(504, 967, 968),
    "bowl": _classes(659, 809),
    "banana": _classes(954),
    "apple": _classes(948),
    "orange": _classes(950),
    "broccoli": _classes(937),
    "hot dog": _classes(934),
    "pizza": _classes(963),
    "donut": _classes(931),
    "cake": _classes(927),
    "chair": _classes(423, 559, 765, 857),
    "couch": _classes(831),
    "potted plant": _classes(738),
    "bed": _classes(520, 564),
    "dining table": _classes(532),
    "toilet": _classes(861),
    "tv": _classes(664, 782, 851),
    "laptop": _classes(620, 681),
    "mouse": _classes(673),
    "remote": _classes(761),
    "keyboard": _classes(508, 878),
    "cell phone": _classes(487),
    "microwave": _classes(651),
    "toaster": _classes(859),
    "sink": _classes(896),
    "refrigerator": _classes(760),
    "book": _classes(917, 921),
    "clock": _classes(409, 530, 892),
    "vase": _classes(738, 883),
    "teddy bear": _classes(850),
    "hair drier": _classes(589),
}
