# Prints files of this host in the form that parse/far_files.py reads. It changes nothing.
# Arguments are LEVELS:PATH. 1: this file; 3: a run path down to its realms' records; 9: all of it.
# Never printed: what lies in secrets, volumes and volume-meta, links, and files of more than 1 MiB.
# A container's tty is mounted in it: what is there is anybody's, so only known names are listed.
LC_ALL=C
export LC_ALL

one() {
  if [ -f "$1" ] && [ -r "$1" ]; then
    printf '= %s\n' "$1"
    sed 's/^/ /' "$1"
    printf '\n/\n'
  elif [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; then
    :
  elif [ -f "$1" ] || [ -d "$1" ]; then
    printf '! %s\n' "$1"
  fi
}

seek() {
  find . \( -name '*[![:print:]]*' -o -name secrets -o -name volumes -o -name volume-meta -o \
    -path './*/*/*/*/*/tty/*' ! -name tty ! -name socket ! -name capture ! -name log \
    ! -name kuketty.log \) -prune -o \( -path "$deepest" -prune -o -name '*' \) "$@"
}

look() {
  printf 't %s %s\n' "$1" "$2"
  case $1 in 3) deepest='./*/*/*' ;; *) deepest= ;; esac
  if [ "$1" = 1 ]; then
    ls -ldn "$2"
    one "$2"
  elif cd "$2"; then
    seek -exec ls -ldn {} +
    seek \( -type d -o -type f -size -2049 \( -name '*.json' -o -name '*.yaml' -o -name '*.yml' \
      -o -name etc-hosts -o -path '*/blueprints/*' -o -path '*/configs/*' \) \) -print |
      while IFS= read -r file; do one "$file"; done
  elif [ -e "$2" ]; then
    echo '! .'
  fi
}

echo 'kuke-ctr files'
for name in HOME KUKEON_RUN_PATH KUKEON_CONTAINERD_SOCKET KUKEON_NAMESPACE_SUFFIX \
  KUKE_CONFIGURATION CONTAINERD_ADDRESS; do
  eval "printf 'v %s %s\n' $name \"\$$name\""
done
for place; do
  path=${place#*:}
  case $path in HOME/*) path=$HOME/${path#HOME/} ;; esac
  look "${place%%:*}" "$path" 2>/dev/null
done
echo .
