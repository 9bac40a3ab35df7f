# The web app for many climbers, with its logbook in PostgreSQL: no torch, no root, and nothing to write but /data.
#
#     docker build --tag climbpath .
#
# compose.yaml starts it with a PostgreSQL; docs/serving.md says what the variables mean.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /app
WORKDIR /build
COPY deploy/requirements.lock ./
RUN /app/bin/pip install --require-hashes --no-deps --requirement requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
RUN /app/bin/pip install --no-deps . && /app/bin/pip uninstall --yes pip

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home climbpath
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 CLIMBPATH_HOME=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
ENTRYPOINT ["climbpath"]
CMD ["serve", "--host", "0.0.0.0", "--log", "json", "--metrics"]
