# The API server: slim, not root, nothing written outside /tmp.
FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/registry
WORKDIR /source
COPY requirements/server.txt requirements/server.txt
# The pinned versions of `.[neo4j,s3,pictures,server]`, each checked by its hash.
RUN /opt/registry/bin/pip install --require-hashes -r requirements/server.txt
COPY pyproject.toml README.md LICENSE ./
COPY lineage_registry lineage_registry
COPY cypher cypher
RUN /opt/registry/bin/pip install --no-deps ".[neo4j,s3,pictures,server]"

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin registry
COPY --from=build /opt/registry /opt/registry
ENV PATH=/opt/registry/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["lineage-registry"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
