#!/usr/bin/env bash
# The smoke test for machines without Python: the same services, at the level of ports and HTTP. Where Python 3 is,
# backend_stores_smoke_test.py says more.
#
#     docker/scripts/backend_stores_smoke_test.sh                  every service that listens
#     docker/scripts/backend_stores_smoke_test.sh postgres redis   these, which must be up
#
# Exit code 0: all that was asked answered as it should, and at least one did.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=answers.sh
source "$here/answers.sh"
read_env "$here/../../.env"
host=${SMOKE_HOST:-127.0.0.1}

# Name, variable of the port, its default, how it is asked, what it is asked for.
services=(
    "postgres POSTGRES_PORT 5432 tcp -"
    "redis REDIS_PORT 6379 resp REDIS_PASSWORD"
    "valkey VALKEY_PORT 6379 resp VALKEY_PASSWORD"
    "keydb KEYDB_PORT 6379 resp KEYDB_PASSWORD"
    "minio MINIO_PORT 9000 http /|200|400|403"
    "chroma CHROMA_PORT 8000 http /api/v2/heartbeat|200"
    "qdrant QDRANT_PORT 6333 http /readyz|200"
    "weaviate WEAVIATE_PORT 8080 http /v1/.well-known/ready|200"
    "mongodb MONGODB_PORT 27017 tcp -"
    "opensearch OPENSEARCH_PORT 9200 search -"
    "elasticsearch ELASTICSEARCH_PORT 9200 search -"
    "kafka KAFKA_PORT 9092 tcp -"
    "jaeger JAEGER_UI_PORT 16686 http /|200"
    "otel-collector OTEL_COLLECTOR_HEALTH_PORT 13133 http /|200"
)

ok=0 failed=0 down=()

report() { printf '%-6s  %-15s %s:%-6s %s\n' "$1" "$2" "$host" "$3" "$4"; }

# ask NAME PORT KIND WANTED: prints what is wrong, if anything.
ask() {
    local name=$1 port=$2 kind=$3 wanted=$4 found status
    case $kind in
    tcp) return 0 ;;
    resp)
        found=$(resp_server "$host" "$port" "${!wanted:-}")
        [[ $found == "$name "* ]] || printf 'answered by %s\n' "${found:-nothing}"
        ;;
    search)
        found=$(search_server "$host" "$port")
        [[ $found == "$name "* ]] || printf 'answered by %s\n' "${found:-nothing}"
        ;;
    http)
        status=$(http_status "$host" "$port" "${wanted%%|*}")
        [[ "|${wanted#*|}|" == *"|${status:-none}|"* ]] || printf 'GET %s: %s\n' "${wanted%%|*}" "${status:-no HTTP}"
        ;;
    esac
}

names=" $* " known=" "
for entry in "${services[@]}"; do
    read -r name variable default kind wanted <<<"$entry"
    known+="$name "
    [[ $# -eq 0 || $names == *" $name "* ]] || continue
    port=${!variable:-$default}
    if ! listens "$host" "$port"; then
        if [[ $# -eq 0 ]]; then down+=("$name"); else
            report FAILED "$name" "$port" "nothing listens"
            ((failed++))
        fi
        continue
    fi
    problem=$(ask "$name" "$port" "$kind" "$wanted")
    if [[ -z $problem ]]; then
        level="answers"
        [[ $kind == tcp ]] && level="listens; ask backend_stores_smoke_test.py for more"
        report ok "$name" "$port" "$level"
        ((ok++))
    elif [[ $# -eq 0 && $problem =~ answered\ by\ (redis|valkey|keydb|opensearch|elasticsearch)\  ]]; then
        down+=("$name")
    else
        report FAILED "$name" "$port" "$problem"
        ((failed++))
    fi
done
for name in "$@"; do
    if [[ $known != *" $name "* ]]; then
        printf 'no service is called %s; there are:%s\n' "$name" "$known" >&2
        exit 2
    fi
done
[[ ${#down[@]} -eq 0 ]] || printf 'down    %s\n' "${down[*]}"
printf '%d ok, %d failed, %d down\n' "$ok" "$failed" "${#down[@]}"
[[ $failed -eq 0 && $ok -gt 0 ]]
