# Images of Canopy, one target each:
#   docker build --target host -t canopy .
#   docker build --target retrainer -t canopy-retrainer .
#   docker build --target evaluation -t canopy-evaluation .

# The version of rust-toolchain.toml, which is not copied: the image brings its toolchain.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY . .
# Crates, compiled dependencies and the guest's compiler stay in the builder's cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    --mount=type=cache,target=/src/.cache \
    apt-get update && \
    scripts/build-guest.sh blank && \
    cargo build --release --locked -p canopy -p canopy-trainer -p canopy-evaluation --bins && \
    mkdir -p /out/models && \
    strip --strip-all -o /out/canopy target/release/canopy && \
    strip --strip-all -o /out/canopy-trainer target/release/canopy-trainer && \
    strip --strip-all -o /out/canopy-evaluation target/release/canopy-evaluation && \
    /out/canopy-trainer train --data embedded \
        --spec model-wasm/specs/bike-sharing.toml --output /out/models/bike-sharing.wasm

# Volumes mounted on these folders begin with their owner and content.
FROM debian:bookworm-slim AS runtime
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd --gid 10001 canopy && \
    useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin canopy && \
    install --directory --owner=canopy --group=canopy /models /observations /versions

FROM runtime AS host
COPY --from=build /out/canopy /usr/local/bin/
COPY --from=build --chown=canopy:canopy /out/models /models
USER canopy
ENV CANOPY_MODEL=/models/bike-sharing.wasm CANOPY_LISTEN=0.0.0.0:8080 \
    CANOPY_CACHE=/versions/.cache CANOPY_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["canopy", "probe"]
ENTRYPOINT ["canopy"]
CMD ["serve"]

FROM runtime AS retrainer
COPY --from=build /out/canopy-trainer /usr/local/bin/
COPY --from=build --chown=canopy:canopy /out/models /models
COPY model-wasm/specs /specs
USER canopy
ENV CANOPY_DATA_CACHE=/tmp/canopy CANOPY_LOG_FORMAT=json
EXPOSE 8090
ENTRYPOINT ["canopy-trainer"]
CMD ["serve", "--spec", "/specs/bike-sharing.toml", "--model", "/models/bike-sharing.wasm", \
     "--observations", "/observations", "--listen", "0.0.0.0:8090"]

FROM runtime AS evaluation
COPY --from=build /out/canopy-evaluation /usr/local/bin/
USER canopy
ENV CANOPY_URL=http://bike-api:8080 CANOPY_DATA_CACHE=/tmp/canopy
# It runs to its end and serves nothing.
HEALTHCHECK NONE
ENTRYPOINT ["canopy-evaluation"]
CMD ["evaluate"]
