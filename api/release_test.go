package api

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReleaseNotesAreTheSectionOfTheVersion(t *testing.T) {
	t.Parallel()
	const changelog = `# Changelog

All.

## Unreleased

- Next

## v1.1.0 (2026-12-01)

- Newer

### Details

## [1.0.0] - 2026-11-01

- Older

## v1.0.0-dev

- Oldest

## v0.9.0

`
	notes := jobs(t)["release.yml build"].step(t, "notes")
	for version, want := range map[string]string{
		"v1.1.0":     "\n- Newer\n\n### Details\n\n",
		"v1.0.0":     "\n- Older\n\n",
		"v1.0.0-dev": "\n- Oldest\n\n",
		"v0.9.0":     "",
		"v1.0":       "",
		"v1.2.0":     "",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "CHANGELOG.md"), []byte(changelog), 0o600))
			exit, _ := notes.run(t, dir, dir, "GITHUB_REF_NAME="+version)
			assert.Equal(t, want != "", exit == 0)
			if want != "" {
				assert.Equal(t, want, read(t, filepath.Join(dir, "notes.md")))
			}
		})
	}
}

// The publishing step runs with a gh that prints its arguments.
func TestAReleaseHasAllFiles(t *testing.T) {
	t.Parallel()
	publish := jobs(t)["release.yml publish"].step(t, "publish")
	for version, flags := range map[string]string{"v1.0.0": "", "v1.0.0-rc.1": "--prerelease "} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "dist"), 0o700))
			for _, name := range []string{"SHA256SUMS", "a.zip"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "dist", name), nil, 0o600))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "gh"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700))
			exit, out := publish.run(t, dir, dir, "GITHUB_REF_NAME="+version)
			assert.Zero(t, exit)
			assert.Equal(t, "release create "+version+" --verify-tag --title "+version+" --notes-file notes.md "+
				flags+"dist/SHA256SUMS dist/a.zip\n", out)
		})
	}
}
