# What this pod sees of registries: a line for each answer. The whole is written anew after each step, so that whatever
# ends this pod, what it saw so far is told. Each argument is a registry, its fields between bars:
#   NAME|HOST|REALM|SERVICE|LAYER_HOST|REPOSITORY:TAG REPOSITORY:TAG …
# Needs a POSIX sh. Takes what there is of curl, openssl, nslookup and wget, and says what there was.
out=${PROBE_RESULT:-/dev/termination-log} t=${PROBE_FOLDER:-/tracebloc-images-probe} limit=${PROBE_LIMIT:-40}
umask 077
# No answer is kept beyond 1 MiB: a body may have no end.
ulimit -f 2048 2>/dev/null
trap 'exit 0' TERM

has() { command -v "$1" >/dev/null 2>&1; }
within() { if has timeout; then timeout "$@"; else shift; "$@"; fi; }
# One field: no tab, no line feed, so many bytes.
flat() { tr '\t\r\n' '   ' | cut -c1-"$1" | head -n 1; }

save() { { echo "tracebloc-images-probe 1 $1"; cat "$t/head" "$t"/*.said 2>/dev/null; } | head -c 4000 >"$out"; }

header() { grep -i "^$1:" "$f.head" 2>/dev/null | tail -n 1 | sed 's/^[^:]*: *//'; }
field() { [ -z "$2" ] || printf '\t%s=%s' "$1" "$(printf %s "$2" | flat "$3")"; }

once() {
    rm -f "$f.head" "$f.body"
    if has curl; then
        w=$(curl -q -g -sS -v --connect-timeout 5 -m 10 -D "$f.head" -o "$f.body" -w '%{http_code} %{http_connect} %{time_namelookup} %{time_connect} %{time_appconnect} %{time_total} %{ssl_verify_result} %{remote_ip}' "$@" 2>"$f.log")
        x=$?
    elif has wget; then
        # The address is the last of the words; the method and headers before it are not for wget.
        for last; do :; done
        within 10 wget -S -O "$f.body" "$last" >/dev/null 2>"$f.log"
        x=wget
        w="$(sed -n 's#.*HTTP/[0-9.]* \([0-9][0-9]*\).*#\1#p' "$f.log" | head -n 1) 000 0 0 0 0 0"
        sed -n 's/^  *\([A-Za-z-]*:\)/\1/p' "$f.log" >"$f.head"
    else
        x=none w="000 000 0 0 0 0 0"
    fi
    set -- $w
    status=${1:-000} tunnel=${2:-000} connected=${4:-0}
}

# ask WHAT HOST CURL_WORD…: asks, once more after 3 s where no connection came about, and says how it went.
ask() {
    what=$1 to=$2
    shift 2
    once "$@"
    case $x$tunnel$connected in
    [567]0000.000000 | 280000.000000)
        sleep 3
        once "$@"
        ;;
    esac
    e= is= ns= words=
    case $x in
    0) ;;
    7) e=$(sed -n 's/^\* *connect to .* failed: //p' "$f.log" | tail -n 1) ;;
    60)
        is=$(curl -q -s -v -k --connect-timeout 5 -m 5 -o /dev/null "$@" 2>&1 | sed -n 's/^\* *issuer: *//p' | head -n 1)
        if [ -z "$is" ] && has openssl; then
            is=$(within 5 openssl s_client -connect "$to:443" -servername "$to" </dev/null 2>/dev/null | openssl x509 -noout -issuer 2>/dev/null | sed 's/^issuer= *//')
        fi
        ;;
    esac
    [ "$x" = 0 ] || [ -n "$e" ] || e=$(sed -n 's/^curl: ([0-9]*) //p; s/^wget: //p' "$f.log" | tail -n 1)
    case $x in
    6 | 28)
        if [ "$connected" = 0.000000 ] && has nslookup; then
            ns=$(within 5 nslookup "$to." 2>&1 | grep -iE 'nxdomain|servfail|refused|timed out|no servers|find|resolve' | tail -n 1)
        fi
        ;;
    esac
    case $(header content-type) in
    *html*) words=$(tr '\n' ' ' <"$f.body" 2>/dev/null | sed -n 's/.*<title>\([^<]*\)<.*/\1/p') ;;
    *json*) words=$(tr '\n' ' ' <"$f.body" 2>/dev/null | sed -n 's/.*"code" *: *"\([A-Z_]*\)".*/\1/p') ;;
    esac
    line=$(
        printf 'ask %s %s %s %s %s' "$name" "$what" "$to" "$x" "$w"
        field e "$e" 90
        field ns "$ns" 60
        [ "$x" = 0 ] || field ip "$(sed -n 's/^\* *Trying \(.*\)\.\.\..*/\1/p' "$f.log" | tail -n 1)" 50
        field is "$is" 80
        field ct "$(header content-type)" 30
        field ra "$(header www-authenticate | sed -n 's/.*realm="\([^"]*\)".*/\1/p')" 80
        field dg "$(header docker-content-digest)" 80
        field rl "$(header ratelimit-remaining)" 20
        field rm "$(header ratelimit-limit)" 20
        field rs "$(header docker-ratelimit-source)" 40
        case $x$words in 0) ;; *) field sv "$(header server)" 30 ;; esac
        field t "$words" 60
        case $what in token) [ -z "$(bearer)" ] || printf '\ttk=1' ;; esac
    )
    # At once: another step of the same registry may write beside this one.
    printf '%s\n' "$line" >>"$t/$number.said"
    [ "$status" != 000 ]
}

# The token of the last answer, if it looks like one.
bearer() {
    tr '\n' ' ' <"$f.body" 2>/dev/null | sed -n 's/.*"\(access_\)\{0,1\}token" *: *"\([A-Za-z0-9._~+/=-]*\)".*/\2/p'
}

host_of() { printf %s "$1" | sed 's#^[a-z]*://##; s#/.*##'; }

tokens() { # REPOSITORY
    f=$t/$number.token
    ask token "$(host_of "$realm")" "$realm?service=$service&scope=repository:$1:pull"
    bearer >"$f"
}

manifest() { # REPOSITORY:TAG NUMBER
    repository=${1%:*} tag=${1##*:} f=$t/$number.manifest$2 pass=$(cat "$t/$number.token")
    if [ "$repository" != "$first" ]; then
        curl -q -g -s --connect-timeout 5 -m 10 -o "$f.body" "$realm?service=$service&scope=repository:$repository:pull" 2>/dev/null
        pass=$(bearer)
    fi
    ask "$1" "$host" -I -H "Authorization: Bearer $pass" \
        -H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json' \
        -H 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json' \
        "https://$host/v2/$repository/manifests/$tag"
}

registry() {
    number=$1 name=$2 host=$3 realm=$4 service=$5 layers=$6 images=${7:-}
    first=${images%% *} first=${first%:*}
    if [ -n "$layers" ]; then
        (f=$t/$number.layers; ask layers "$layers" "https://$layers/") &
    fi
    early=
    if [ -n "$realm" ] && [ -n "$first" ] && [ "$(host_of "$realm")" != "$host" ]; then
        tokens "$first" &
        early=$!
    fi
    f=$t/$number.api
    if ask api "$host" "https://$host/v2/" && has curl && [ -n "$first" ]; then
        if [ -z "$realm" ]; then
            realm=$(header www-authenticate | sed -n 's/.*realm="\([^"]*\)".*/\1/p')
            service=$(header www-authenticate | sed -n 's/.*service="\([^"]*\)".*/\1/p')
        fi
        if [ -n "$early" ]; then wait "$early"; elif [ -n "$realm" ]; then tokens "$first"; fi
        if [ -s "$t/$number.token" ]; then
            n=0
            for image in $images; do
                n=$((n + 1))
                manifest "$image" $n &
            done
        fi
    fi
    wait
    : >"$t/$number.done"
}

mkdir -p "$t"
{
    tools=
    for tool in curl openssl nslookup getent wget; do has $tool && tools="$tools $tool"; done
    echo "tools$tools"
    proxy=${HTTPS_PROXY:-${https_proxy:-${ALL_PROXY:-${all_proxy:-}}}}
    [ -z "$proxy" ] || printf 'proxy\t%s\t%s\n' \
        "$(printf %s "$proxy" | sed 's#^.*@##; s#^[a-z0-9]*://##; s#/.*##' | flat 80)" \
        "$(printf %s "${NO_PROXY:-${no_proxy:-}}" | flat 300)"
} >"$t/head"
save running

began=$(date +%s) all=0
set -f
for one; do
    all=$((all + 1))
    (
        IFS='|'
        # shellcheck disable=SC2086
        set -- $one
        IFS=' '
        registry "$all" "$@"
    ) &
done
set +f
while :; do
    set -- "$t"/*.done
    [ -e "$1" ] || shift
    [ $# -lt $all ] || break
    if [ $(($(date +%s) - began)) -ge "$limit" ]; then
        save over
        exit 0
    fi
    sleep 0.2 2>/dev/null || sleep 1
    save running
done
save done
exit 0
