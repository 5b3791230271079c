# Inferno's server in a container.
#   docker build -t inferno .                              CPU, every x86-64 or arm64 processor
#   docker build -t inferno:cuda --target cuda .           with the CUDA backend, x86-64
#   docker run -p 8080:8080 -v ./models:/models:ro inferno --model /models/chat.gguf
# The CPU variant is chosen at run time, so one image runs everywhere, and the CUDA image computes on the CPU where it finds no
# GPU. Nothing is downloaded at run time. Both run as user 10001 and need to write to /data (background work) and /tmp only.

ARG NODE_VERSION=22
ARG CUDA_VERSION=12.8.1

FROM node:${NODE_VERSION}-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates cmake g++ git make \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build:ts && npm run make:prebuilds
# What the server needs of it: no compilers' packages, and uWebSockets.js for this platform and Node only.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/cmake-js node_modules/node-addon-api node_modules/node-api-headers \
 && cd node_modules/uWebSockets.js \
 && find . -name 'uws_*.node' ! -name "uws_linux_$(node -p 'process.arch')_$(node -p 'process.versions.modules').node" -delete
RUN mkdir -p /app /data && cp -r package.json LICENSE THIRD_PARTY_NOTICES.md dist prebuilds models node_modules /app/

FROM nvidia/cuda:${CUDA_VERSION}-devel-ubuntu24.04 AS cuda-build
ARG CUDA_ARCHITECTURES="75-real;80-real;86-real;89-real;90-real;90-virtual"
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates cmake g++ git make \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src /src
WORKDIR /src
RUN node scripts/backend-package.mjs cuda "-DCMAKE_CUDA_ARCHITECTURES=${CUDA_ARCHITECTURES}"

FROM nvidia/cuda:${CUDA_VERSION}-runtime-ubuntu24.04 AS cuda
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
COPY --from=cuda-build /src/backends /app/node_modules
COPY --from=build --chown=10001:10001 /data /data
# A user without a home: caches go where a read-only container can write.
ENV NODE_ENV=production INFERNO_CACHE_DIR=/tmp/inferno
USER 10001:10001
WORKDIR /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js", "serve", "--host", "0.0.0.0"]

# The last stage is what `docker build` makes without --target.
FROM node:${NODE_VERSION}-bookworm-slim AS cpu
COPY --from=build /app /app
COPY --from=build --chown=10001:10001 /data /data
ENV NODE_ENV=production INFERNO_CACHE_DIR=/tmp/inferno
USER 10001:10001
WORKDIR /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js", "serve", "--host", "0.0.0.0"]
