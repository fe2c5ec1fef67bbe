# TAB for kuke-ctr in bash.
_kuke_ctr() {
    local -a answer
    mapfile -t answer < <(_KUKE_CTR_COMPLETE=bash "$1" "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case "${answer[0]}" in
        files) compopt -o default ;;
        dirs) compopt -o dirnames ;;
        joined) compopt -o nospace ;;
    esac
}
complete -F _kuke_ctr kuke-ctr kuke-ctr.pyz
