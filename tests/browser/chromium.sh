#!/bin/sh
# Prints the path of a Chromium-like browser, installing one where the system's package manager has it.
set -eu
find_browser() {
    for name in ${CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable microsoft-edge \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        command -v "$name" && return 0
    done
    return 1
}
find_browser && exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
{
    if command -v apt-get; then
        $as_root apt-get update -qq
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium || \
            $as_root apt-get install -y -qq chromium-browser
    elif command -v dnf; then
        $as_root dnf install -y -q chromium
    elif command -v pacman; then
        $as_root pacman -S --noconfirm chromium
    elif command -v brew; then
        brew install --cask chromium
    fi
} >&2
find_browser || { echo "No Chromium found: install one and set CHROMIUM to its path." >&2; exit 1; }
