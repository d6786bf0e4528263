#!/bin/sh
# Builds deploy/Containerfile with buildah, without a container engine, and tries the result: as user 12345, with a root
# that is only read and one folder for data. Needs root, Debian, and its registry of packages, from which it installs what
# is missing. BASE=… takes another base than one made here. This machine's certificates and settings of pip are lent to
# the build, and what LEND names besides. Then the tests of what the libraries do for us run with the image's Python and
# libraries, and a browser looks at its pages: whatever was left out and is needed fails there.
set -eu
cd "$(dirname "$0")/../.."
limit=450 # MB, unpacked
port=${PORT:-8599}
store_port=${STORE_PORT:-8598}
python=${PYTHON:-.venv/bin/python}
missing=""
for command in buildah debootstrap curl; do
    command -v $command >/dev/null || missing="$missing $command"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >&2

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
work=$(mktemp -d /tmp/image.XXXXXX)
container=""
clean() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    [ -z "${store:-}" ] || kill "$store" 2>/dev/null || true
    umount --quiet --lazy --recursive "$work/root" || true
    [ -z "$container" ] || buildah rm "$container" >/dev/null
    rm -rf --one-file-system "$work"
}
trap clean EXIT

if [ -z "${BASE:-}" ]; then
    BASE=localhost/partner-license-insights-base:bookworm
    if ! buildah inspect --type image "$BASE" >/dev/null 2>&1; then
        debootstrap --variant=minbase --include=ca-certificates bookworm "$work/base"
        rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists" "$work/base/usr/share/doc" "$work/base/usr/share/locale"
        tar -C "$work/base" -cf "$work/base.tar" .
        container=$(buildah from scratch)
        buildah add --quiet "$container" "$work/base.tar" /
        buildah commit --quiet --rm "$container" "$BASE"
        container=""
    fi
fi

lent=""
for path in /etc/ssl/certs /etc/pip.conf ${LEND:-}; do
    [ ! -e "$path" ] || lent="$lent --volume $path:$path:ro"
done
# shellcheck disable=SC2086
buildah build --quiet --format docker --file deploy/Containerfile --ignorefile deploy/Containerfile.dockerignore \
    --build-arg BASE="$BASE" $lent --tag partner-license-insights .
container=$(buildah from partner-license-insights)
mkdir "$work/root"
mount --bind "$(buildah mount "$container")" "$work/root"
buildah push --quiet partner-license-insights "oci-archive:$work/image.tar"
echo "size as it is pulled: $(du -m "$work/image.tar" | cut -f1) MB"
rm "$work/image.tar"
size() { du --summarize --apparent-size --block-size=MB "$1" | cut -dM -f1; }
echo "size of the root: $(size "$work/root") MB, of which libraries $(size "$work/root/opt/venv") MB"
[ "$(size "$work/root")" -lt $limit ] || { echo "$limit MB are too many"; exit 1; }
mount -o remount,bind,ro "$work/root"
mount -t tmpfs -o mode=1777 data "$work/root/data"
mount -t tmpfs settings "$work/root/settings"
mount -t tmpfs -o mode=1777 tmp "$work/root/tmp"
mount -t proc proc "$work/root/proc"
mount --bind /dev "$work/root/dev"

within() { # in a subshell, so that a server that is started so has its process id
    exec chroot --userspec=12345:0 "$work/root" /usr/bin/env -i PATH=/opt/venv/bin:/usr/bin:/bin HOME=/tmp LOG_FORMAT=json \
        HISTORY_URL=/data/history PARTNER_CENTER_SIGN_IN_FILE=/data/sign-in.json PYTHONDONTWRITEBYTECODE=1 \
        sh -c 'cd /app && exec "$@"' sh "$@"
}
(within python -m data_access --version)
(within sh -c 'touch /app/x 2>/dev/null && echo "the root can be written to" && exit 1; exit 0')
printf '[partner_center]\npartner_center_tries = "many"\n' >"$work/root/settings/secrets.toml"
(within python -m data_access status 2>&1 | grep PARTNER_CENTER_TRIES) || { echo "settings are not read"; exit 1; }
rm "$work/root/settings/secrets.toml"
(within python -m data_access collect)
(within python -m data_access verify)
(within tar --create --directory /data history) >"$work/history.tar"
(within sh -c 'mkdir /tmp/restored && tar --extract --directory /tmp/restored') <"$work/history.tar"
(within env HISTORY_URL=/tmp/restored/history python -m data_access verify)
rm -r "$work/history.tar" "$work/root/tmp/restored"
(within python -m data_access call-sheet --customer "$(within python -m data_access fetch customers --format csv 2>/dev/null | sed -n 2p | cut -d, -f1)" --out /tmp/sheet.pdf)
within streamlit run --server.headless=true --server.address=127.0.0.1 --server.port="$port" >/dev/null 2>"$work/log" &
server=$!
tries=0
until curl --silent --fail "http://127.0.0.1:$port/readyz"; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { cat "$work/log"; exit 1; }
    sleep 1
done
echo
ADDRESS="http://127.0.0.1:$port" "$python" tests/image/look.py
kill "$server"
wait "$server" || true
server=""
(within python -m data_access audit) | tail -n 1

# Programs of which a library is missing say so by name.
missing=$(chroot "$work/root" sh -c 'find /usr /opt -type f \( -name "*.so" -o -name "*.so.*" -o -perm -u+x \)' |
    while read -r file; do chroot "$work/root" /lib64/ld-linux-x86-64.so.2 --list "$file" 2>/dev/null; done |
    grep 'not found' | sort -u || true)
[ -z "$missing" ] || { echo "$missing"; exit 1; }

# The tests, in a copy that may be written to.
copy="$work/root/tmp/copy"
mkdir "$copy" "$work/root/tmp/libraries"
tar --create --exclude='./.venv*' --exclude=./.git --exclude=./data . | tar --extract --directory "$copy"
chown -R 12345 "$copy"
mount --bind "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" "$work/root/tmp/libraries"
"${OBJECTS_PYTHON:?}" -m moto.server -H 127.0.0.1 -p "$store_port" >/dev/null 2>&1 &
store=$!
# shellcheck disable=SC2086
(within env OBJECTS_ENDPOINT="127.0.0.1:$store_port" sh -c 'cd /tmp/copy && exec "$@"' sh python tests/image/within.py \
    /tmp/libraries deploy/requirements.lock -n 2 ${IMAGE_TESTS:-tests/data_access tests/dashboard tests/objects})

# The pages, in a browser of this machine; the image's Python serves them, from a folder that both call by the same name.
mkdir -p "$work/shared" "$work/root/$work/shared"
mount --bind "$work/shared" "$work/root/$work/shared"
cat >"$work/python" <<END
#!/bin/sh
exec chroot "$work/root" /usr/bin/env --chdir=/tmp/copy PYTHONDONTWRITEBYTECODE=1 /opt/venv/bin/python "\$@"
END
chmod +x "$work/python"
# shellcheck disable=SC2086
TMPDIR="$work/shared" DASHBOARD_PYTHON="$work/python" "$python" -m pytest ${IMAGE_PAGES:-tests/browser}
echo "the image works"
