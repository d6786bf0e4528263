#!/bin/sh
# Prints the home of a Java that Spark runs on (17 or newer), installing one where the system's package manager has it.
set -eu
find_java() {
    for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java; do
        path=$(command -v "$java") || continue
        "$path" -XshowSettings:properties -version 2>&1 |
            awk -F ' = ' '/java.home/ { home = $2 } /java.specification.version/ { version = $2 }
                END { if (version + 0 < 17) exit 1; print home }' && return 0
    done
    return 1
}
find_java && exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
{
    if command -v apt-get; then
        $as_root apt-get update -qq
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openjdk-17-jre-headless || \
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq default-jre-headless
    elif command -v dnf; then
        $as_root dnf install -y -q java-17-openjdk-headless
    elif command -v pacman; then
        $as_root pacman -S --noconfirm jre17-openjdk-headless
    elif command -v brew; then
        brew install --cask temurin@17
    fi
} >&2
find_java || { echo "No Java 17 or newer found: install one and set JAVA_HOME to its folder." >&2; exit 1; }
