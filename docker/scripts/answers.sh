# shellcheck shell=bash
# Sourced: what answers on a port of this machine, with bash alone. Functions print; their exit code says whether
# anything did.

# send HOST PORT TEXT: what the server answers to TEXT within three seconds, at most 200 lines of it.
send() {
    local line count=0
    { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || return 1
    printf '%s' "$3" >&3
    # The last line may lack its end.
    while { IFS= read -r -t 3 -u 3 line || [[ $line ]]; } && ((count++ < 200)); do
        printf '%s\n' "${line%$'\r'}"
        # The end of a bulk reply: INFO ends with an empty line after its last field.
        [[ $4 && $line == *"$4"* ]] && break
    done
    exec 3>&-
}

# listens HOST PORT
listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# http_status HOST PORT PATH: the status of a GET.
http_status() {
    local reply
    reply=$(send "$1" "$2" "GET $3 HTTP/1.0"$'\r\n'"Host: $1"$'\r\n'"Connection: close"$'\r\n\r\n' "") || return 1
    [[ $reply =~ ^HTTP/[0-9.]+\ ([0-9]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# http_body HOST PORT PATH
http_body() {
    send "$1" "$2" "GET $3 HTTP/1.0"$'\r\n'"Host: $1"$'\r\n'"Connection: close"$'\r\n\r\n' ""
}

# resp_server HOST PORT PASSWORD: redis, valkey or keydb with its version; or what is wrong.
resp_server() {
    # The protocol counts bytes.
    local LC_ALL=C text="" reply
    [[ $3 ]] && text=$'*2\r\n$4\r\nAUTH\r\n$'"${#3}"$'\r\n'"$3"$'\r\n'
    text+=$'*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n*1\r\n$4\r\nPING\r\n'
    reply=$(send "$1" "$2" "$text" "PONG") || return 1
    case $reply in
    *valkey_version:*) printf 'valkey %s\n' "$(field valkey_version "$reply")" ;;
    *keydb-server*) printf 'keydb %s\n' "$(field redis_version "$reply")" ;;
    *redis_version:*) printf 'redis %s\n' "$(field redis_version "$reply")" ;;
    *NOAUTH* | *WRONGPASS* | *"invalid password"*) printf 'password refused\n' ;;
    *) printf 'something else\n' ;;
    esac
}

field() { sed -n "s/^$1:\([^[:space:]]*\).*/\1/p" <<<"$2" | head -n 1; }

# search_server HOST PORT: opensearch or elasticsearch with its version.
search_server() {
    local body version
    body=$(http_body "$1" "$2" /) || return 1
    version=$(sed -n 's/.*"number" *: *"\([^"]*\)".*/\1/p' <<<"$body" | head -n 1)
    case $body in
    *'"distribution"'*opensearch*) printf 'opensearch %s\n' "$version" ;;
    *'"lucene_version"'*) printf 'elasticsearch %s\n' "$version" ;;
    *) printf 'something else\n' ;;
    esac
}

# read_env FILE: the assignments of a .env file, where the environment has none.
read_env() {
    local line name value
    [[ -f $1 ]] || return 0
    while IFS= read -r line || [[ $line ]]; do
        [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]%$'\r'}
        case $value in
        \"*\") value=${value:1:${#value}-2} ;;
        \'*\') value=${value:1:${#value}-2} ;;
        esac
        [[ ${!name+x} ]] || export "$name=$value"
    done <"$1"
}
