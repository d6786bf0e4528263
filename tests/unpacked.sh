#!/bin/sh
# unpacked.sh PACKAGE COMMAND: prints the path of a command, of this machine or from a package of Debian that is unpacked
# here, and not installed: so no service starts.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v "$2" && exit 0
folder="$PWD/.venv-$1"
if [ ! -d "$folder" ] && command -v apt-get >/dev/null; then
    mkdir "$folder.new"
    (cd "$folder.new" && apt-get download -qq "$1" && dpkg-deb --extract ./*.deb . && rm ./*.deb) >&2 || rm -r "$folder.new"
    [ ! -d "$folder.new" ] || mv "$folder.new" "$folder"
fi
found=$(find "$folder/" -type f -name "$2" -perm -u+x 2>/dev/null | head -n 1)
[ -n "$found" ] || { echo "No $2 found: install it with the package manager of the system." >&2; exit 1; }
echo "$found"
