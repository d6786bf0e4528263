#!/bin/sh
# The alert rules and the scrape configuration by Prometheus' own promtool, and when each alert fires.
set -eu
promtool=$(sh tests/unpacked.sh prometheus promtool)
"$promtool" check rules deploy/prometheus/alerts.yaml
"$promtool" check config --syntax-only deploy/prometheus/scrape.yaml
"$promtool" test rules tests/deploy/alerts_test.yaml
