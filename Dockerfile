# Two stages: the first builds the virtual environment, the second only carries it.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY pyproject.toml requirements.lock README.md ./
COPY supportbot supportbot
COPY inference inference
# The processor build of PyTorch, then everything else at the locked versions.
RUN /venv/bin/pip install --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
    && /venv/bin/pip install -c requirements.lock .

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SUPPORTBOT_ENV=production SUPPORTBOT_VAR=/var/lib/supportbot NUMBA_CACHE_DIR=/var/cache/supportbot
RUN useradd --system --uid 10001 --home-dir /var/lib/supportbot --create-home supportbot \
    && install -d -o supportbot /var/cache/supportbot /var/lib/supportbot/files /var/lib/supportbot/models
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY supportbot supportbot
COPY inference inference
COPY training training
COPY benchmarks benchmarks
COPY templates templates
COPY static static
COPY corpus corpus
COPY models models
USER 10001
# The decoding step compiled ahead; a container on another kind of processor compiles it anew at its start.
RUN python -c "from inference.fused import warm_up; warm_up()"
EXPOSE 8000
