# Sourced by the scripts: `top` is the checkout, `python` an interpreter that is new enough, and
# `module NAME ARGS...` becomes scripts/lib/NAME.py (in a subshell it runs it).
# shellcheck shell=sh

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# Not by PYTHONPATH: what the module starts would have it, too.
module() {
    exec "$python" -c '
import runpy, sys
sys.path[0] = sys.argv[1]
del sys.argv[:2]
runpy.run_module("scripts.lib." + sys.argv[0], run_name="__main__", alter_sys=True)
' "$top" "$@"
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$python"; then return 0; fi
    done
    return 1
}

has_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null
}

# Debian keeps ensurepip in a package of its own; it depends on python3.
install_venv() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
    echo "installing Debian's python3-venv" >&2
    apt-get install -qq -y --no-install-recommends python3-venv >/dev/null 2>&1 && return 0
    apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
}

need_python() {
    if find_python; then return 0; fi
    if ! command -v python3 >/dev/null && install_venv && find_python; then return 0; fi
    found=$(python3 --version 2>/dev/null) || found="${found:-none}"
    echo "${0##*/}: needs Python 3.11 or newer, found $found;" \
        "install one, or name it: PYTHON=/path/to/python3.12 $0" >&2
    exit 1
}

need_venv() {
    need_python
    if has_venv || { install_venv && has_venv; }; then return 0; fi
    echo "${0##*/}: $python can't make a virtual environment (ensurepip is missing);" \
        "install it: sudo apt-get install python3-venv" >&2
    exit 1
}
