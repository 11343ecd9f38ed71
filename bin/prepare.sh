# Sourced by bin/start, bin/test and bin/lock; they stand in the project's folder when they do.
# prepare run  -> .venv with what requirements.txt lists
# prepare dev  -> .venv with what requirements-dev.txt lists (requirements.txt included)
# A second call does nothing while Python, the folder and the lock file are the same. A .venv that was left
# half made, was moved, or lost its Python is made anew.
# POSIX sh: it must run before anything of the project is installed.

VENV=.venv
VENV_PYTHON=$VENV/bin/python
UNFINISHED=$VENV/unfinished # there from the first step of a change to the end of the last
PLACE=$VENV/made-at         # where .venv was made; it does not survive being moved

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0 PYTHONUTF8=1
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV

say() { printf '%s\n' "$*" >&2; }

stop() {
    say ''
    for line in "$@"; do say "$line"; done
    exit 1
}

runs() { "$@" >/dev/null 2>&1; }

is_new_enough() { runs "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

# Debian and Ubuntu keep ensurepip, which venv needs, in a package of its own.
can_make_venv() { runs "$1" -c 'import ensurepip, sqlite3, ssl, venv'; }

# Sets PYTHON to the first Python that will do; the environment's own PYTHON, if set, is the only one asked.
find_python() {
    found_new_enough=''
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        is_new_enough "$candidate" || continue
        found_new_enough=${found_new_enough:-$candidate}
        if can_make_venv "$candidate"; then
            PYTHON=$candidate
            return
        fi
    done
    if [ -n "$found_new_enough" ]; then
        say_missing_venv "$found_new_enough"
    fi
    say_missing_python
}

say_missing_python() {
    version=$(${PYTHON:-python3} --version 2>/dev/null || true)
    stop "Python 3.11 以上が必要です（見つかったもの：${version:-なし}）。次を実行してから、もう一度お試しください。" \
        "Python 3.11 or newer is needed (found: ${version:-none}). Run this, then try again:" \
        '' '    sudo apt-get install python3 python3-venv'
}

say_missing_venv() {
    stop "$("$1" --version) はありますが、仮想環境（venv）を作るための部品がありません。次を実行してから、もう一度お試しください。" \
        "$("$1" --version) is here, but what it needs to make a virtual environment is not. Run this, then try again:" \
        '' '    sudo apt-get install python3-venv'
}

is_sound() {
    [ ! -e "$UNFINISHED" ] && [ "$(cat "$PLACE" 2>/dev/null)" = "$(pwd -P)" ] &&
        is_new_enough "$VENV_PYTHON" && runs "$VENV_PYTHON" -m pip --version
}

make_venv() {
    find_python
    say "[1/2] Python の環境（.venv）を作っています… / Making the Python environment"
    rm -rf "$VENV"
    mkdir "$VENV"
    : > "$UNFINISHED"
    "$PYTHON" -m venv "$VENV" ||
        stop '.venv を作れませんでした。上の表示をご確認ください。' '.venv could not be made: see the lines above.'
    pwd -P > "$PLACE"
    rm "$UNFINISHED"
}

fingerprint() {
    "$VENV_PYTHON" -c 'import hashlib, sys
print(sys.version_info[:3], hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

install_locked() {
    lock=$1
    stamp=$VENV/installed-$lock
    mark=$(fingerprint "$lock")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$mark" ]; then
        return
    fi
    say "[2/2] $lock のパッケージを入れています（初回は 1〜2 分）… / Installing the packages of $lock"
    : > "$UNFINISHED"
    # --only-binary: a machine without a compiler gets one clear line instead of a failed build.
    "$VENV_PYTHON" -m pip install --quiet --progress-bar off --only-binary :all: --require-hashes -r "$lock" ||
        stop 'パッケージを入れられませんでした。ネットワーク（プロキシを使う所では PIP_PROXY など）と上の表示をご確認ください。' \
            'The packages could not be installed: see the lines above, and check the network (PIP_PROXY behind a proxy).'
    printf '%s\n' "$mark" > "$stamp"
    rm "$UNFINISHED"
}

# Two commands started at once on a new machine take turns.
take_turn() {
    mkdir -p var
    if runs command -v flock; then
        exec 9> var/prepare.lock
        flock 9
    fi
}

end_turn() { exec 9>&-; }

prepare() {
    trap 'say ""; say "中止しました。 / Stopped."; exit 130' INT TERM
    take_turn
    is_sound || make_venv
    case $1 in
        run) install_locked requirements.txt ;;
        dev) install_locked requirements-dev.txt ;;
    esac
    end_turn
    trap - INT TERM
}
