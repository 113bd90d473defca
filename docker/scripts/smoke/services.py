"""The services of docker-compose.backend-stores.yml, and how each is asked. Tests/Compose compares this with that."""

import dataclasses
import typing

from . import kafka, mongodb, postgres, redis, s3, search, telemetry, vectors
from .settings import Address

COMPOSE = "docker compose -f docker-compose.backend-stores.yml"


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    # The profile of its group; none for those of core, which need none.
    profile: typing.Optional[str]
    # Where it is: a variable, and what that is in the bundle.
    variable: typing.Optional[str]
    template: str
    port: int
    # Called with the address, the seconds it may take, the settings; returns who answered and what was done.
    check: typing.Callable

    def address(self, settings):
        named = settings.get(self.variable) if self.variable else ""
        return Address(named or settings.interpolate(self.template), self.port, self.variable or "the address")

    @property
    def up(self):
        """The command that starts it."""
        profile = f"--profile {self.profile} " if self.profile else ""
        return f"{COMPOSE} {profile}up -d {self.name}"


def redis_family(name):
    return lambda address, seconds, settings: redis.round_trip(address, seconds, name)


def cache_url(name):
    upper = name.upper()
    return (f"redis://${{{upper}_PASSWORD:+:}}${{{upper}_PASSWORD:-}}${{{upper}_PASSWORD:+@}}"
            f"127.0.0.1:${{{upper}_PORT:-6379}}/0")


def minio(address, seconds, settings):
    return s3.round_trip(
        address, seconds, settings.get("MINIO_ROOT_USER", "minioadmin"),
        settings.get("MINIO_ROOT_PASSWORD", "minioadmin-dev-only"), settings.get("AWS_REGION", "us-east-1"))


ALL = [
    Service(
        "postgres", None, "POSTGRES_URL",
        "postgres://${POSTGRES_USER:-backend}:${POSTGRES_PASSWORD:-backend-dev-only}@127.0.0.1:${POSTGRES_PORT:-5432}"
        "/${POSTGRES_DB:-backend}", 5432,
        lambda address, seconds, _: postgres.round_trip(address, seconds)),
    Service("redis", None, "REDIS_URL", cache_url("redis"), 6379, redis_family("redis")),
    Service("valkey", "cache-alt", "VALKEY_URL", cache_url("valkey"), 6379, redis_family("valkey")),
    Service("keydb", "cache-alt", "KEYDB_URL", cache_url("keydb"), 6379, redis_family("keydb")),
    Service("minio", "artifacts", "MINIO_ENDPOINT", "http://127.0.0.1:${MINIO_PORT:-9000}", 9000, minio),
    Service(
        "chroma", "vector-alt", "CHROMA_URL", "http://127.0.0.1:${CHROMA_PORT:-8000}", 8000,
        lambda address, seconds, _: vectors.chroma(address, seconds)),
    Service(
        "qdrant", "vector-alt", "QDRANT_URL", "http://127.0.0.1:${QDRANT_PORT:-6333}", 6333,
        lambda address, seconds, settings: vectors.qdrant(address, seconds, settings.get("QDRANT_API_KEY"))),
    Service(
        "weaviate", "vector-alt", "WEAVIATE_URL", "http://127.0.0.1:${WEAVIATE_PORT:-8080}", 8080,
        lambda address, seconds, settings: vectors.weaviate(address, seconds, settings.get("WEAVIATE_API_KEY"))),
    Service(
        "mongodb", "memory-alt", "MONGODB_URL",
        "mongodb://${MONGODB_USER:-backend}:${MONGODB_PASSWORD:-backend-dev-only}@127.0.0.1:${MONGODB_PORT:-27017}"
        "/backend?authSource=admin&directConnection=true", 27017,
        lambda address, seconds, _: mongodb.round_trip(address, seconds)),
    Service(
        "opensearch", "search", "OPENSEARCH_URL", "http://127.0.0.1:${OPENSEARCH_PORT:-9200}", 9200,
        lambda address, seconds, _: search.round_trip(address, seconds, "opensearch")),
    Service(
        "elasticsearch", "elasticsearch", "ELASTICSEARCH_URL", "http://127.0.0.1:${ELASTICSEARCH_PORT:-9200}", 9200,
        lambda address, seconds, _: search.round_trip(address, seconds, "elasticsearch")),
    Service(
        "kafka", "event-alt", "KAFKA_BROKERS", "${KAFKA_ADVERTISED_HOST:-127.0.0.1}:${KAFKA_PORT:-9092}", 9092,
        lambda address, seconds, _: kafka.round_trip(address, seconds)),
    Service(
        "jaeger", "observability", None, "http://127.0.0.1:${JAEGER_UI_PORT:-16686}", 16686,
        lambda address, seconds, _: telemetry.jaeger(address, seconds)),
    Service(
        "otel-collector", "observability", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:${OTLP_HTTP_PORT:-4318}",
        4318, lambda address, seconds, _: telemetry.collector(address, seconds)),
]
