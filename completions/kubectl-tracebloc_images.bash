# bash completion of kubectl-tracebloc_images, made to be sourced.
# `kubectl tracebloc-images` is completed by kubectl's own script, after: kubectl tracebloc-images completion install

_kubectl_tracebloc_images() {
    local words=() glued=no word value kept candidate
    # bash takes = and : for ends of words.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ ${#words[@]} -gt 0 && ($glued = yes || $word = [=:]*) ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        if [[ $word = *[=:] ]]; then glued=yes; else glued=no; fi
    done
    value=${words[${#words[@]} - 1]}
    if [[ $value = --*=* ]]; then value=${value#*=}; fi
    # What bash leaves standing before a candidate.
    kept=${value%"${value##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
        :0)
            compopt -o filenames 2>/dev/null
            while read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$value")
            ;;
        :*) ;;
        *)
            printf -v candidate %q "${candidate#"$kept"}"
            COMPREPLY+=("$candidate")
            ;;
        esac
    done < <(kubectl-tracebloc_images __complete "${words[@]}" 2>/dev/null </dev/null)
}

complete -F _kubectl_tracebloc_images kubectl-tracebloc_images
