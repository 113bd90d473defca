#!/usr/bin/env bash
# How the containers of docker-compose.backend-stores.yml are: state, health, the last health check of those that are
# not healthy, and which server really answers on the ports that several services share.
#
#     docker/scripts/healthcheck.sh
#
# Exit code 0: every container runs, and is healthy where it has a health check. healthcheck.ps1 is its twin.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=answers.sh
source "$here/answers.sh"
root=$(cd "$here/../.." && pwd)
read_env "$root/.env"

compose() { docker compose -f "$root/docker-compose.backend-stores.yml" --profile '*' "$@"; }

if ! docker version >/dev/null 2>&1; then
    echo "no Docker engine answers; start Docker, or look at: docker version" >&2
    exit 1
fi

bad=0 seen=0
# State, exit code, health or "none".
state='{{.State.Status}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}'
# The outcomes of the last health checks, the newest last.
checks='{{if .State.Health}}{{range .State.Health.Log}}{{.ExitCode}} {{json .Output}}{{println}}{{end}}{{end}}'

for service in $(compose config --services | sort); do
    container=$(compose ps --all --quiet "$service" 2>/dev/null | head -n 1)
    [[ $container ]] || continue
    seen=1
    read -r status code health <<<"$(docker inspect --format "$state" "$container")"
    case $status/$code/$health in
    running/*/healthy | running/*/none) mark=ok ;;
    running/*/starting) mark=wait bad=1 ;;
    # The services that set permissions, and end.
    exited/0/*) [[ $service == *-permissions ]] && continue || mark=FAILED bad=1 ;;
    *) mark=FAILED bad=1 ;;
    esac
    text=$status
    [[ $status == exited ]] && text+=" with exit code $code"
    [[ $health != none ]] && text+=", $health"
    printf '%-6s  %-16s %s\n' "$mark" "$service" "$text"
    if [[ $mark == FAILED ]]; then
        last=$(docker inspect --format "$checks" "$container" | grep -v '^$' | tail -n 1)
        [[ $last ]] && printf '%24s last check: exit code %s\n' "" "$last"
        [[ $status == created ]] && printf '%24s never started: is its port taken?\n' ""
        [[ $code == 137 ]] && printf '%24s killed: is its memory limit too low?\n' ""
        printf '%24s docker compose -f docker-compose.backend-stores.yml logs --tail 50 %s\n' "" "$service"
    fi
done
[[ $seen -eq 1 ]] || echo "no container; start with: docker compose -f docker-compose.backend-stores.yml up -d"

# each KIND DEFAULT NAME...: who answers on the ports of these services, each port once.
each() {
    local kind=$1 default=$2 asked=" " name port password who
    shift 2
    for name in "$@"; do
        port=${name}_PORT port=${!port:-$default}
        [[ $asked == *" $port "* ]] && continue
        asked+="$port "
        password=${name}_PASSWORD password=${!password:-${REDIS_PASSWORD:-${VALKEY_PASSWORD:-${KEYDB_PASSWORD:-}}}}
        who=$("${kind}_server" 127.0.0.1 "$port" "$password") && printf 'port %s is answered by %s\n' "$port" "$who"
    done
}
each resp 6379 REDIS VALKEY KEYDB
each search 9200 OPENSEARCH ELASTICSEARCH
[[ $bad -eq 0 && $seen -eq 1 ]]
