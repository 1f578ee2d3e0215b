# The embedded recipe on a CPU:
#   docker build --tag annotate .
#   docker run --rm --shm-size=2g --user "$(id -u):$(id -g)" \
#       --volume "$PWD/photos:/in:ro" --volume "$PWD/runs:/out" annotate run --images /in --out /out/first
#
# The recipes that want GPUs (docs/docker.md says how to run it):
#   docker build --target gpu --tag annotate-gpu .
#
# Tags can be replaced by digests: --build-arg PYTHON=python:3.11-slim@sha256:... --build-arg CUDA=nvidia/cuda@sha256:...
ARG PYTHON=python:3.11-slim
ARG CUDA=nvidia/cuda:13.0.2-base-ubuntu24.04

# CUDA's libraries come with the wheels that requirements/gpu.txt pins; the base brings what the driver must meet.
FROM ${CUDA} AS gpu
LABEL org.opencontainers.image.title="annotate-gpu" \
      org.opencontainers.image.description="annotate with vLLM, Grounding DINO, ultralytics and pyiqa" \
      org.opencontainers.image.licenses="Apache-2.0 AND AGPL-3.0-only AND PolyForm-Noncommercial-1.0.0 AND LicenseRef-NVIDIA-CUDA-EULA" \
      annotate.licences.ultralytics="AGPL-3.0-only" \
      annotate.licences.pyiqa="PolyForm-Noncommercial-1.0.0, weights CC-BY-NC-SA-4.0 (fetched at run time)" \
      annotate.licences.vllm="Apache-2.0" \
      annotate.licences.groundingdino-py="Apache-2.0"
# gcc: Triton compiles its launchers at run time. libgl1, libglib2.0: the opencv-python that ultralytics asks for.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libgl1 libglib2.0-0t64 python3-venv \
    && rm -rf /var/lib/apt/lists/*
ENV UV_PYTHON_INSTALL_DIR=/opt/python UV_NO_CACHE=1 UV_LINK_MODE=copy
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir uv==0.13.9 \
    && /opt/uv/bin/uv venv --python 3.11 /opt/annotate
WORKDIR /src
COPY requirements/gpu.txt requirements/gpu.txt
# Packages that are built here must see the pinned setuptools too.
RUN /opt/uv/bin/uv pip install --python /opt/annotate --requirement requirements/gpu.txt \
        --build-constraint requirements/gpu.txt
COPY pyproject.toml README.md LICENSE ./
COPY manifests manifests
COPY stages stages
COPY annotate annotate
RUN /opt/uv/bin/uv pip install --python /opt/annotate --no-deps . && mkdir -p /usr/share/doc/annotate \
    && cp LICENSE /usr/share/doc/annotate/LICENSE
# Any user may run it (docker run --user). Weights are fetched into a volume, and from there on nothing needs a network.
ENV PATH=/opt/annotate/bin:$PATH HOME=/tmp USER=annotate PYTHONUNBUFFERED=1 ANNOTATE_WEIGHTS=/weights \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN useradd --uid 10001 --no-create-home annotate && mkdir /in /out /weights && chown annotate /out /weights
USER annotate
WORKDIR /out
ENTRYPOINT ["annotate"]
CMD ["--help"]

FROM ${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/annotate
COPY requirements/core.txt requirements/core.txt
RUN /opt/annotate/bin/pip install --no-cache-dir --requirement requirements/core.txt
COPY pyproject.toml README.md LICENSE ./
COPY manifests manifests
COPY stages stages
COPY annotate annotate
RUN /opt/annotate/bin/pip install --no-cache-dir --no-deps .

FROM ${PYTHON} AS cpu
LABEL org.opencontainers.image.title="annotate" \
      org.opencontainers.image.description="Turn a folder of images into a grounded image-quality dataset" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/annotate /opt/annotate
COPY LICENSE /usr/share/doc/annotate/LICENSE
# Any user may run it (docker run --user), so what Ray and the caches write goes where everyone may write.
ENV PATH=/opt/annotate/bin:$PATH HOME=/tmp USER=annotate PYTHONUNBUFFERED=1
RUN useradd --uid 1000 --no-create-home annotate && mkdir /in /out && chown annotate /out
USER annotate
WORKDIR /out
ENTRYPOINT ["annotate"]
CMD ["--help"]
