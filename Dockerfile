# zhitong as one static binary in a small image. Build: docker build -t zhitong .
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /zhitong ./cmd/zhitong

# psql is there for `zhitong psql`; log and database run elsewhere.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/zhitong zhitong \
    && install -d -o zhitong -g zhitong -m 0700 /run/zhitong
COPY --from=build /zhitong /usr/local/bin/zhitong
USER zhitong
ENV ZHITONG_DATA=/var/lib/zhitong/data
EXPOSE 8369
ENTRYPOINT ["/usr/local/bin/zhitong"]
CMD ["serve", "--listen", "0.0.0.0:8369"]
