# fish completion of kubectl-tracebloc_images, made to be sourced.
# `kubectl tracebloc-images` is completed by kubectl's own script, after: kubectl tracebloc-images completion install

function __kubectl_tracebloc_images
    set -l token (commandline -ct)
    set -l words (commandline -opc) "$token"
    set -l lines (kubectl-tracebloc_images __complete $words[2..] 2>/dev/null </dev/null)
    # fish replaces the whole of --flag=value.
    set -l flag (string match -r '^--[^=]+=' -- "$token")
    if test "$lines[-1]" = :0
        __fish_complete_path (string replace -r '^--[^=]+=' '' -- "$token") | string replace -r '^' -- "$flag"
    else
        string replace -r '^' -- "$flag" $lines[1..-2]
    end
end

complete -c kubectl-tracebloc_images -f -a '(__kubectl_tracebloc_images)'
