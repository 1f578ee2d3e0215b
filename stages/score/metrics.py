"""What annotate knows of pyiqa's no-reference metrics before pyiqa is imported: scale, direction, files.

Scales and directions are those that pyiqa 0.1.16 documents (`default_model_configs.py`, `score_range` and
`lower_better`; a tilde there means that single scores may lie beyond). File names are those in its own sources.
A test compares them with the pyiqa that is installed.
"""

from __future__ import annotations

from dataclasses import dataclass

PYIQA_FILES = "chaofengc/IQA-PyTorch-Weights"
"""pyiqa's own weights at the hub."""

CLIP_ADDRESSES = {
    "RN50.pt": "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
    "ViT-B-32.pt": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    "ViT-L-14.pt": "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
}
"""sha256 of OpenAI's CLIP checkpoints, which is also the folder of their address."""


@dataclass(frozen=True)
class Metric:
    """A no-reference metric of pyiqa."""

    low: float
    high: float
    lower_better: bool = False
    files: tuple[str, ...] = ()
    """Names of its files among pyiqa's own weights."""
    clip: str | None = None
    """The CLIP checkpoint that it builds on."""
    models: tuple[str, ...] = ()
    """Models at the hub that it loads whole, by the names in pyiqa's sources."""
    min_side_px: int = 32
    """Shortest side that it scores."""
    batched: bool = True
    """Whether it scores several images at once as it scores each alone. False where that is not so or not known."""
    imports: tuple[str, ...] = ()
    """Packages that pyiqa imports for it and does not require."""
    unfit: str | None = None
    """Why it cannot score a region, if it cannot."""


def _unit(*files: str, clip: str | None = None, batched: bool = True, min_side_px: int = 32) -> Metric:
    return Metric(0, 1, files=files, clip=clip, batched=batched, min_side_px=min_side_px)


def _hundred(*files: str, lower_better: bool = False, min_side_px: int = 32, batched: bool = True) -> Metric:
    return Metric(0, 100, lower_better, files, min_side_px=min_side_px, batched=batched)


def _arniqa(dataset: str) -> Metric:
    return _unit("ARNIQA.pth", f"regressor_{dataset}.pth")


def _qualiclip(*files: str) -> Metric:
    return _unit("QualiCLIP.pth", *files, clip="RN50.pt")


_NIQE = "niqe_modelparameters.mat"
_SETS = "it compares sets of images, not one image with a scale"
_FACES = "it scores faces only, which it finds with a detector of its own"

METRICS = {
    "piqe": _hundred(lower_better=True),
    "niqe": _hundred(_NIQE, lower_better=True, min_side_px=192),
    "niqe_matlab": _hundred("niqe_matlab_params.mat", lower_better=True, min_side_px=192),
    "ilniqe": _hundred("ILNIQE_templateModel.mat", lower_better=True, min_side_px=168, batched=False),
    "brisque": Metric(0, 150, True, ("brisque_svm_weights.pth",), batched=False),
    "brisque_matlab": _hundred("brisque_matlab.mat", lower_better=True, batched=False),
    "nrqm": Metric(0, 10, files=("NRQM_model.mat",), batched=False),
    "pi": Metric(0, 10, True, (_NIQE, "NRQM_model.mat"), min_side_px=192, batched=False),
    "cnniqa": _unit("CNNIQA_koniq10k-e6f14c91.pth"),
    "musiq": _hundred("musiq_koniq_ckpt-e95806b9.pth"),
    "musiq-ava": Metric(1, 10, files=("musiq_ava_ckpt-e8d3f067.pth",)),
    "musiq-paq2piq": _hundred("musiq_paq2piq_ckpt-364c0c84.pth"),
    "musiq-spaq": _hundred("musiq_spaq_ckpt-358bb6af.pth"),
    "nima": Metric(0, 10, files=("NIMA_InceptionV2_ava-b0c77c00.pth",)),
    "nima-koniq": _unit("NIMA_koniq-250367ae.pth"),
    "nima-spaq": _unit("NIMA-spaq-46a7fcb7.pth"),
    "nima-vgg16-ava": Metric(0, 10, files=("NIMA_VGG16_ava-dc4e8265.pth",)),
    "paq2piq": _hundred("P2P_RoIPoolModel-fit.10.bs.120-ca69882e.pth"),
    "dbcnn": _unit("DBCNN_scnn-7ea73d75.pth", "DBCNN_KonIQ10k-2de81c0a.pth"),
    "maniqa": _unit("ckpt_koniq10k.pt"),
    "maniqa-pipal": _unit("MANIQA_PIPAL-ae6d356b.pth"),
    "maniqa-kadid": _unit("ckpt_kadid10k.pt"),
    "clipiqa": _unit(clip="RN50.pt"),
    "clipiqa+": _unit("CLIP-IQA+_learned_prompts-603f3273.pth", clip="RN50.pt"),
    "clipiqa+_vitL14_512": _unit("CLIPIQA+_ViTL14_512-e66488f2.pth", clip="ViT-L-14.pt"),
    "clipiqa+_rn50_512": _unit("CLIPIQA+_RN50_512-89f5d940.pth", clip="RN50.pt"),
    "fgresq": Metric(0, 1, unfit="pyiqa 0.1.16's code for it needs transformers 4"),
    "tres": _hundred("tres_koniq-f0502926.pth", min_side_px=224),
    "tres-flive": _hundred("tres_flive-09b0de5b.pth", min_side_px=224),
    "hyperiqa": _unit("HyperIQA-resnet50-koniq10k-c96c41b1.pth"),
    "metaiqa": _unit("Metaiqa_livec.pth"),
    "uranker": Metric(-1, 2, files=("URanker_ckpt-450eb36d.pth",)),
    "entropy": Metric(0, 8),
    "topiq_nr": _unit("cfanet_nr_koniq_res50-9a73138b.pth"),
    "topiq_nr-flive": _unit("cfanet_nr_flive_res50-ded1c74e.pth"),
    "topiq_nr-spaq": _unit("cfanet_nr_spaq_res50-a7f799ac.pth"),
    "topiq_iaa": Metric(1, 10, files=("cfanet_iaa_ava_swin-393b41b4.pth",)),
    "topiq_iaa_res50": Metric(1, 10, files=("cfanet_iaa_ava_res50-3cd62bb3.pth",)),
    "laion_aes": Metric(1, 10, files=("sac+logos+ava1-l14-linearMSE.pth",), clip="ViT-L-14.pt"),
    "liqe": Metric(1, 5, files=("liqe_koniq.pt",), clip="ViT-B-32.pt", min_side_px=224),
    "liqe_mix": Metric(1, 5, files=("liqe_mix.pt",), clip="ViT-B-32.pt", min_side_px=224),
    "wadiqam_nr": Metric(-1, 0.1, files=("WaDIQaM-NR-koniq-aaffea29.pth",)),
    "qalign": Metric(1, 5, models=("q-future/one-align",), imports=("icecream",), batched=False),
    "qalign_8bit": Metric(1, 5, models=("q-future/one-align",), imports=("icecream",), batched=False),
    "qalign_4bit": Metric(1, 5, models=("q-future/one-align",), imports=("icecream",), batched=False),
    "qrealign": Metric(0, 1, models=("q-future/Q-ReAlign-Mini-0.8B",)),
    "qrealign-mini": Metric(0, 1, models=("q-future/Q-ReAlign-Mini-0.8B",)),
    "qrealign-lite": Metric(0, 1, models=("q-future/Q-ReAlign-Lite-4B",)),
    "qrealign-pro": Metric(0, 1, models=("q-future/Q-ReAlign-Pro-9B",)),
    "compare2score": Metric(
        0, 100, models=("q-future/Compare2Score", "VQA-CityU/Compare2Score_1"), imports=("icecream",), batched=False
    ),
    "unique": Metric(-3, 3, files=("UNIQUE.pt",)),
    "arniqa": _arniqa("koniq10k"),
    "arniqa-live": _arniqa("live"),
    "arniqa-csiq": _arniqa("csiq"),
    "arniqa-tid": _arniqa("tid2013"),
    "arniqa-kadid": _arniqa("kadid10k"),
    "arniqa-clive": _arniqa("clive"),
    "arniqa-flive": _arniqa("flive"),
    "arniqa-spaq": _arniqa("spaq"),
    "maclip": _unit(clip="RN50.pt", batched=False, min_side_px=224),
    "qualiclip": _qualiclip(),
    "qualiclip+": _qualiclip("QualiCLIP+_koniq.pth"),
    "qualiclip+-clive": _qualiclip("QualiCLIP+_clive.pth"),
    "qualiclip+-flive": _qualiclip("QualiCLIP+_flive.pth"),
    "qualiclip+-spaq": _qualiclip("QualiCLIP+_spaq.pth"),
    "afine_nr": Metric(-2, 2, True, ("afine.pth",), clip="ViT-B-32.pt", min_side_px=224, batched=False),
    "clipscore": Metric(0, 2.5, unfit="it compares an image with a text"),
    "fid": Metric(0, 1, True, unfit=_SETS),
    "sfid": Metric(0, 1, True, unfit=_SETS),
    "fid_dinov2": Metric(0, 1, True, unfit=_SETS),
    "inception_score": Metric(0, 1, unfit=_SETS),
    "topiq_nr-face": Metric(0, 1, unfit=_FACES),
    "topiq_nr_swin-face": Metric(0, 1, unfit=_FACES),
    "topiq_nr-face-v1": Metric(0, 1, unfit=_FACES),
}
