# TAB for kuke-ctr in fish.
function __kuke_ctr_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l unquoted (string unescape -- "$current"; or echo -- "$current")
    set -l answer (env _KUKE_CTR_COMPLETE=fish $before "$unquoted" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$current"
        case dirs
            __fish_complete_directories "$current" ""
        case mixed
            printf '%s\n' $answer[2..-1]
            __fish_complete_path "$current"
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end
complete -c kuke-ctr -f -a '(__kuke_ctr_complete)'
complete -c kuke-ctr.pyz -f -a '(__kuke_ctr_complete)'
