# Sourced by scripts/demo and scripts/test: installs what is missing, says what it does, does nothing the second time.
# Debian's packages come through apt-get, without starting their services; Python's into .venv, locked by hash.
# shellcheck shell=bash

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Runs apt-get with a policy that keeps the packages' services from being started beside yours (policy-rc.d, exit 101).
apt_quietly() {
  local policy=/usr/sbin/policy-rc.d ours=no status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    ours=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || status=$?
  [ "$ours" = no ] || as_root rm -f "$policy"
  if [ "$status" != 0 ]; then
    tail -n 20 "$log" >&2
    echo "apt-get $1 failed with status $status; what it printed is above" >&2
  fi
  return "$status"
}

need_packages() {
  local missing=() package
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || { echo "missing packages: ${missing[*]}; install them with your system's installer" >&2; return 1; }
  echo "installing from Debian: ${missing[*]}" >&2
  local log
  log=$(mktemp)
  if apt_quietly update && apt_quietly install --no-install-recommends "${missing[@]}"; then
    rm -f "$log"
  else
    rm -f "$log"
    return 1
  fi
}

# Runs pip install, and shows what it said only when it fails.
pip_quietly() {
  local log status=0
  log=$(mktemp)
  .venv/bin/python -m pip --quiet --disable-pip-version-check install "$@" >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || { cat "$log" >&2; echo "pip failed with status $status; what it said is above" >&2; }
  rm -f "$log"
  return "$status"
}

# need_venv run|dev: the environment in .venv with what requirements/$1.lock says; a stamp of what it was made from saves
# the second time. dev holds all of run.
need_venv() {
  local want stamp=.venv/.made-from python=${PYTHON:-python3}
  want=$(cat requirements/"$1".lock pyproject.toml | sha256sum | cut -c1-64)
  if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; then
    grep -qsx "$1 $want $PWD" "$stamp" && return 0
    if [ "$1" = run ] && grep -qsx "dev $(cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-64) $PWD" "$stamp"; then return 0; fi
  else
    echo "making .venv" >&2
    rm -rf .venv
    "$python" -m venv .venv
  fi
  echo "installing Python packages (requirements/$1.lock)" >&2
  pip_quietly --require-hashes -r requirements/"$1".lock
  pip_quietly --no-deps --no-build-isolation --editable .
  echo "$1 $want $PWD" >"$stamp"
}
