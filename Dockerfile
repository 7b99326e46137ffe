# The product as an image: `docker compose up --build`. Three stages, so that compilers, npm and caches stay behind.

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts/ scripts/

FROM python:3.11-slim AS packages
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --from=assets /build/node_modules node_modules
COPY scripts/ scripts/
RUN python scripts/build_assets.py --modules node_modules --out static_build

FROM python:3.11-slim AS product
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    KINEPLAN_ENV=production \
    KINEPLAN_VAR=/srv/kineplan/var
RUN groupadd --system --gid 10001 kineplan \
    && useradd --system --uid 10001 --gid kineplan --home-dir /srv/kineplan --no-create-home kineplan
WORKDIR /srv/kineplan
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=packages /build/static_build var/static_build
# Collecting needs settings but neither database nor broker; the values below are of this step only.
RUN KINEPLAN_ENV=demo python manage.py collectstatic --noinput \
    && mkdir -p var/media \
    && rm -f var/secret_key var/engines-*.json \
    && chown -R kineplan:kineplan var
USER kineplan
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--no-control-socket"]
