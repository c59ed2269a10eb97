# mertk with the models that need no torch, on the CPU: docker build -t mertk . && docker run mertk list
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
# OpenCV of PyPI needs both libraries
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
# EXTRAS="[torch,dlib]" adds the networks and face detection
ARG EXTRAS=""
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir "$(echo /wheels/*.whl)$EXTRAS"
RUN useradd --create-home mertk
USER mertk
WORKDIR /home/mertk
ENTRYPOINT ["mertk"]
CMD ["--help"]
