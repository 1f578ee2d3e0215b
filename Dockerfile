# The embedded recipe on a CPU:
#   docker build --tag annotate .
#   docker run --rm --shm-size=2g --user "$(id -u):$(id -g)" \
#       --volume "$PWD/photos:/in:ro" --volume "$PWD/runs:/out" annotate run --images /in --out /out/first
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/annotate
COPY requirements/core.txt requirements/core.txt
RUN /opt/annotate/bin/pip install --no-cache-dir --requirement requirements/core.txt
COPY pyproject.toml README.md LICENSE ./
COPY manifests manifests
COPY stages stages
COPY annotate annotate
RUN /opt/annotate/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim AS cpu
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
