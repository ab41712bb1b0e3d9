# What a fresh machine lacks: Debian packages and the Python environment. Sourced by ./dev, which defines say and die.

PACKAGES=(g++ ccache protobuf-compiler libprotobuf-dev libgtest-dev libcli11-dev libxxhash-dev nlohmann-json3-dev
          libspdlog-dev libfmt-dev xz-utils)
PYTHON=${PYTHON:-python3}

# Installs the packages that are missing, as root or through sudo.
setup_packages() {
  command -v "$PYTHON" >/dev/null || die "there is no $PYTHON; install Python 3.10 or newer (or set PYTHON=...)"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "$("$PYTHON" -V) is too old; Ingot needs Python 3.10 or newer (set PYTHON=... to choose another)"

  local missing=()
  if command -v dpkg-query >/dev/null; then
    local installed package
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${PACKAGES[@]}" 2>/dev/null || true)
    for package in "${PACKAGES[@]}"; do
      [[ $'\n'$installed$'\n' == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
    done
  elif [[ -z ${INGOT_SKIP_APT:-} ]]; then
    die "this is not Debian or Ubuntu: install the equivalents of '${PACKAGES[*]}', then set INGOT_SKIP_APT=1"
  fi
  # A Python that is not the distribution's brings both of these itself.
  "$PYTHON" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  "$PYTHON" -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null ||
    missing+=(python3-dev)
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    # sudo may ask for a password only where somebody can answer
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then as_root=(sudo)
    else die "packages are missing, and this user can become root neither directly nor by sudo. Have run:
    apt-get install ${missing[*]}"; fi
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q || say "apt-get update failed; trying with the lists that are there"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}"
}

# NVIDIA's libraries, into .venv: only where they are asked for, as they take gigabytes.
setup_cuda() {
  say "adding the packages of tools/dev/requirements-cuda.txt to .venv"
  .venv/bin/python -m pip install -q --disable-pip-version-check -r tools/dev/requirements-cuda.txt ||
    die "pip could not install NVIDIA's packages: is there a network?"
}

# Makes .venv with the pinned packages; the stamp holds what it was made from.
setup_venv() {
  local wanted stamp=.venv/installed
  wanted=$("$PYTHON" -V; sha256sum tools/dev/requirements.txt)
  [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return 0
  say "making .venv from tools/dev/requirements.txt (about a minute)"
  "$PYTHON" -m venv --clear .venv
  .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r tools/dev/requirements.txt |
    grep --line-buffered -E '^(Collecting|Installing|Successfully)' || die "pip could not install the packages: is there a network?"
  printf '%s\n' "$wanted" >"$stamp"
}
