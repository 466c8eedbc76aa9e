#!/usr/bin/env bash
# Compares the exported API of every importable package with a released version: the
# tag given, or the last release this commit descends from. Prints all changes and
# fails if one is incompatible. Run by make api-compat.
set -euo pipefail
cd "$(dirname "$0")/.."
apidiff=(go tool -modfile="$PWD/api/go.mod" apidiff)

# Releases are v1.2.3; api/v1.2.3 is a nested module's and v1.2.3-rc.1 promises nothing.
last() { git describe --tags --abbrev=0 --match 'v[0-9]*' --exclude '*-*' "$1" 2>/dev/null; }

base=${1:-$(last HEAD || true)}
if [ $# = 0 ] && [ -n "$base" ] && [ "$(git rev-parse "$base^{commit}")" = "$(git rev-parse HEAD)" ] && git diff --quiet HEAD; then
	base=$(last HEAD^ || true) # a release is compared with the one before it, not with itself
fi
if [ -z "$base" ]; then
	echo 'api-compat: NOTHING WAS COMPARED: no earlier release (a tag v*) leads to this commit' >&2
	if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
		echo 'api-compat: this clone is shallow; git fetch --unshallow --tags may bring one' >&2
	fi
	exit
fi

git rev-parse --quiet --verify "$base^{commit}" >/dev/null || { echo "api-compat: there is no $base; git fetch --tags may bring it" >&2; exit 2; }

old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git archive "$base" | tar -x -C "$old"
packages=$(cd "$old" && go list -f '{{if ne .Name "main"}}{{.ImportPath}}{{end}}' ./...)

incompatible=
for package in $packages; do
	case $package/ in */internal/*) continue ;; esac
	(cd "$old" && "${apidiff[@]}" -w "$old/api-of-package" "$package")
	if ! changes=$("${apidiff[@]}" "$old/api-of-package" "$package" 2>&1); then
		incompatible=1 # removed, or it does not compile
	fi
	case $changes in *'Incompatible changes:'*) incompatible=1 ;; esac
	printf '# %s since %s\n%s\n' "$package" "$base" "${changes:-No change.}"
done
if [ -n "$incompatible" ]; then
	echo "api-compat: not compatible with $base; see Compatibility in CONTRIBUTING.md" >&2
	exit 1
fi
