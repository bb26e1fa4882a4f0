#compdef kubectl-tracebloc_images
# zsh completion of kubectl-tracebloc_images: to be sourced, or a file _kubectl-tracebloc_images in a folder of fpath.
# `kubectl tracebloc-images` is completed by kubectl's own script, after: kubectl tracebloc-images completion install

_kubectl_tracebloc_images() {
    local line
    local -a lines found
    lines=("${(@f)$(kubectl-tracebloc_images __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
    if [[ $PREFIX = --*=* ]]; then compset -P 1 '*='; fi
    for line in $lines; do
        case $line in
        :0) _files && return ;;
        :*) ;;
        *)
            line=${line//:/\\:}
            found+=("${line/$'\t'/:}")
            ;;
        esac
    done
    _describe -t words word found
}

if [[ $funcstack[1] = _kubectl-tracebloc_images ]]; then
    _kubectl_tracebloc_images "$@"
else
    compdef _kubectl_tracebloc_images kubectl-tracebloc_images
fi
