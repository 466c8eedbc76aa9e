#!/bin/sh
# Lints openapi.yaml with Redocly and Spectral. Not part of .ci/run, as it needs Node.js.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npx >/dev/null; then
	echo "lint-contract: npx is missing; install Node.js 20 or newer" >&2
	exit 1
fi
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
npx --yes @redocly/cli@2.77.0 lint --config api/redocly.yaml openapi.yaml
npx --yes --package @stoplight/spectral-cli@6.16.3 spectral lint --ruleset api/spectral.yaml --fail-severity hint openapi.yaml
