#!/bin/sh
# Prints the path of nginx, installing it where the system's package manager has it.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v nginx && exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
{
    if command -v apt-get; then
        $as_root apt-get update -qq
        # Without the scripts of the package that start a service.
        $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends nginx-light
    elif command -v dnf; then
        $as_root dnf install -y -q nginx
    elif command -v pacman; then
        $as_root pacman -S --noconfirm nginx
    elif command -v brew; then
        brew install nginx
    fi
} >&2
command -v nginx || { echo "No nginx found: install it." >&2; exit 1; }
