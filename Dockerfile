# Inferno's server in a container.
#   docker build -t inferno .                              CPU, every x86-64 or arm64 processor
#   docker build -t inferno:cuda --target cuda .           with the CUDA backend
#   docker run -p 8080:8080 -v ./models:/models inferno --model /models/chat.gguf
# The CPU backends are chosen at run time, so one image runs everywhere. Nothing is downloaded at run time.

ARG NODE_VERSION=22
ARG CUDA_VERSION=12.8.1

FROM node:${NODE_VERSION}-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake g++ git ninja-build && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build:ts && npm run prebuild
# What the server needs of it, without compilers' packages, and uWebSockets.js only for this platform and Node.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/cmake-js node_modules/node-addon-api \
 && cd node_modules/uWebSockets.js \
 && find . -name 'uws_*.node' ! -name "uws_linux_$(node -p 'process.arch')_$(node -p 'process.versions.modules').node" -delete
RUN mkdir /app && cp -r package.json dist prebuilds models node_modules /app/

FROM nvidia/cuda:${CUDA_VERSION}-devel-ubuntu24.04 AS cuda-build
RUN apt-get update && apt-get install -y --no-install-recommends cmake g++ git ninja-build ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local /usr/local
COPY --from=build /src /src
WORKDIR /src
RUN npm ci --ignore-scripts && npm run build:native -- --cuda

FROM node:${NODE_VERSION}-bookworm-slim AS runtime-base
ENV NODE_ENV=production
WORKDIR /app

FROM nvidia/cuda:${CUDA_VERSION}-runtime-ubuntu24.04 AS cuda
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build --chown=root:root /app /app
# The backend goes beside the others; llama.cpp loads every backend that it finds there.
COPY --from=cuda-build /src/build/Release/libggml-cuda.so /tmp/libggml-cuda.so
RUN mv /tmp/libggml-cuda.so /app/prebuilds/linux-x64/ && useradd --system --uid 10001 inferno
ENV NODE_ENV=production
USER 10001
WORKDIR /app
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js", "serve", "--host", "0.0.0.0"]

FROM runtime-base AS cpu
COPY --from=build --chown=root:root /app /app
RUN useradd --system --uid 10001 inferno
USER 10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js", "serve", "--host", "0.0.0.0"]
