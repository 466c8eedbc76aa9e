#!/usr/bin/env bash
# Builds the command for every system into dist/, from the commit that is checked out
# (changes not committed stay out), as archives with SHA256SUMS. The same commit, version
# and Go give the same bytes. Run by make dist; needs GNU tar and zip.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:?make dist needs VERSION=v1.2.3}
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo "dist: $version is not a version like v1.2.3" >&2; exit 2; }

command -v zip >/dev/null || { echo "dist: zip is not installed" >&2; exit 2; }
tar --version 2>/dev/null | grep -q GNU || { echo "dist: tar is not GNU tar; install that and put it first in PATH" >&2; exit 2; }

tagged=$(git rev-parse --quiet --verify "refs/tags/$version^{commit}" || true)
[ "${tagged:-$(git rev-parse HEAD)}" = "$(git rev-parse HEAD)" ] || { echo "dist: $version is another commit" >&2; exit 1; }

# Go stamps a program with the version its commit is tagged with, so it is built in a
# clone that has this one tag.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet --no-tags . "$work/source" 2>/dev/null
git -C "$work/source" tag "$version"
date=@$(git log -1 --format=%ct)

dist=$PWD/dist
rm -rf "$dist"
mkdir "$dist"
for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	os=${platform%/*} arch=${platform#*/}
	name=clerk-sessions_${version}_${os}_$arch
	mkdir "$work/$name"
	(cd "$work/source" && env CGO_ENABLED=0 GOFLAGS= GOOS="$os" GOARCH="$arch" go build -buildvcs=true -trimpath -o "$work/$name/" ./cmd/clerk-sessions)
	cp "$work/source/LICENSE" "$work/source/README.md" "$work/$name/"
	chmod 755 "$work/$name" "$work/$name"/clerk-sessions*
	chmod 644 "$work/$name"/{LICENSE,README.md}
	find "$work/$name" -exec touch --date "$date" {} +
	if [ "$os" = windows ]; then
		(cd "$work" && TZ=UTC zip -q -X "$dist/$name.zip" "$name" "$name"/*)
	else
		tar --create --directory "$work" --sort=name --mtime "$date" --owner=0 --group=0 --numeric-owner --format=ustar "$name" | gzip --no-name >"$dist/$name.tar.gz"
	fi
done
(cd "$dist" && sha256sum -- * >SHA256SUMS)

built=$(go version -m "$work/clerk-sessions_${version}_linux_amd64/clerk-sessions" | awk '$1 == "mod" { print $3 }')
[ "$built" = "$version" ] || { echo "dist: the program says it is $built, not $version" >&2; exit 1; }
cat "$dist/SHA256SUMS"
