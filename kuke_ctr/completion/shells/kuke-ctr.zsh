#compdef kuke-ctr kuke-ctr.pyz
# TAB for kuke-ctr in zsh.
_kuke_ctr() {
    local -a answer before values shown
    local line value text
    before=("${(@Q)words[2,CURRENT-1]}")
    answer=("${(@f)$(_KUKE_CTR_COMPLETE=zsh "${(Q)words[1]}" "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case "${answer[1]}" in
        files) _files; return ;;
        dirs) _files -/; return ;;
        mixed) _files ;;
    esac
    for line in "${(@)answer[2,-1]}"; do
        value="${line%%$'\t'*}"
        text="${line#*$'\t'}"
        values+=("$value")
        shown+=("$value${text:+  -- $text}")
    done
    (( $#values )) || return 1
    if [[ "${answer[1]}" == (joined|mixed) ]]; then
        compadd -S '' -l -d shown -a values
    else
        compadd -l -d shown -a values
    fi
}
if [[ "$funcstack[1]" == _kuke-ctr ]]; then
    _kuke_ctr "$@"
else
    compdef _kuke_ctr kuke-ctr kuke-ctr.pyz
fi
