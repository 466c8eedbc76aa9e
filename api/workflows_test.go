package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// That actions are pinned and that a workflow as a whole may only read is tested in
// api/drift; here is what single jobs and steps may do.

const workflows = "../.github/workflows"

type job struct {
	Permissions map[string]string
	Steps       []struct {
		ID, Uses, Run string
		With          map[string]any
	}
}

// jobs are all jobs of all workflows, named like "release.yml publish".
func jobs(t *testing.T) map[string]job {
	t.Helper()
	files, err := os.ReadDir(workflows)
	require.NoError(t, err)
	all := map[string]job{}
	for _, file := range files {
		require.Equal(t, ".yml", filepath.Ext(file.Name()), "api/drift looks at *.yml")
		var workflow struct{ Jobs map[string]job }
		require.NoError(t, yaml.Unmarshal([]byte(read(t, filepath.Join(workflows, file.Name()))), &workflow))
		for name, job := range workflow.Jobs {
			all[file.Name()+" "+name] = job
		}
	}
	return all
}

func (j job) uses(action string) (with map[string]any, found bool) {
	for _, step := range j.Steps {
		if strings.HasPrefix(step.Uses, action+"@") {
			return step.With, true
		}
	}
	return nil, false
}

func TestNoWorkflowHandlesSecretsOrForeignCode(t *testing.T) {
	t.Parallel()
	for name, job := range jobs(t) {
		file, _, _ := strings.Cut(name, " ")
		text := read(t, filepath.Join(workflows, file))
		assert.NotContains(t, text, "pull_request_target", file)
		assert.NotContains(t, text, "workflow_run", file)
		assert.NotRegexp(t, `\bsecrets\b`, text, file)
		for _, step := range job.Steps {
			assert.NotContains(t, step.Run, "${{", "%s: hand it over in env", name)
		}
		if with, checksOut := job.uses("actions/checkout"); checksOut {
			assert.Equal(t, false, with["persist-credentials"], name)
		}
	}
}

func TestOnlyTheseJobsMayWrite(t *testing.T) {
	t.Parallel()
	writing := map[string][]string{}
	for name, job := range jobs(t) {
		for permission, access := range job.Permissions {
			if access != "read" {
				writing[name] = append(writing[name], permission)
			}
		}
		slices.Sort(writing[name])
		if _, checksOut := job.uses("actions/checkout"); checksOut && strings.HasPrefix(name, "release.yml") {
			assert.Empty(t, job.Permissions, "%s runs the repository's code", name)
		}
	}
	for name := range writing {
		if writing[name] == nil {
			delete(writing, name)
		}
	}
	assert.Equal(t, map[string][]string{
		"drift.yml watch":     {"issues"},
		"release.yml attest":  {"attestations", "id-token"},
		"release.yml publish": {"contents"},
	}, writing)
}

// A vulnerability that became known today turns no contribution red.
func TestVulnerabilitiesAreNotCheckedOnPullRequests(t *testing.T) {
	t.Parallel()
	for name, job := range jobs(t) {
		file, _, _ := strings.Cut(name, " ")
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "vulncheck") {
				assert.NotContains(t, read(t, filepath.Join(workflows, file)), "pull_request:", name)
			}
		}
	}
}

// Without tags there is nothing that the exported API could be compared with.
func TestAPICompatSeesTheTags(t *testing.T) {
	t.Parallel()
	var running []string
	for name, job := range jobs(t) {
		for _, step := range job.Steps {
			if strings.Contains(step.Run, ".ci/run") || strings.Contains(step.Run, "api-compat") {
				with, _ := job.uses("actions/checkout")
				assert.Equal(t, 0, with["fetch-depth"], name)
				running = append(running, name)
			}
		}
	}
	assert.Contains(t, running, "test.yml linux")
	assert.Contains(t, running, "release.yml build")
}

func TestEveryModuleIsKeptUpToDate(t *testing.T) {
	t.Parallel()
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directory   string
			Directories []string
			Schedule    map[string]string
			Groups      map[string]any
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "../.github/dependabot.yml")), &config))
	require.Len(t, config.Updates, 3)
	for _, update := range config.Updates {
		assert.Equal(t, "weekly", update.Schedule["interval"])
		assert.Len(t, update.Groups, 1)
	}
	assert.Equal(t, "github-actions", config.Updates[1].Ecosystem)
	assert.Equal(t, "npm", config.Updates[2].Ecosystem)

	cmd := exec.Command("git", "ls-files", "go.mod", "*/go.mod")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var modules []string
	for file := range strings.FieldsSeq(string(out)) {
		modules = append(modules, strings.TrimSuffix("/"+strings.TrimSuffix(file, "go.mod"), "/"))
	}
	modules[slices.Index(modules, "")] = "/"
	assert.Equal(t, "gomod", config.Updates[0].Ecosystem)
	assert.ElementsMatch(t, modules, config.Updates[0].Directories)
}

// runStep runs a step of the release as Actions would, for the version and in dir.
func runStep(t *testing.T, job, id, version, dir string) (ok bool, output string) {
	t.Helper()
	for _, step := range jobs(t)["release.yml "+job].Steps {
		if step.ID == id {
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GITHUB_REF_NAME="+version, "RUNNER_TEMP="+dir, "PATH="+dir+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			return err == nil, string(out)
		}
	}
	require.FailNow(t, "no step "+id)
	return false, ""
}

func TestReleaseNotesAreTheSectionOfTheVersion(t *testing.T) {
	t.Parallel()
	const changelog = "# Changelog\n\nAll.\n\n## Unreleased\n\n- Next\n\n## v1.1.0 (2026-12-01)\n\n- Newer\n\n### Details\n\n## [1.0.0] - 2026-11-01\n\n- Older\n\n## v1.0.0-dev\n\n- Oldest\n\n## v0.9.0\n\n"
	for version, want := range map[string]string{
		"v1.1.0":     "\n- Newer\n\n### Details\n\n",
		"v1.0.0":     "\n- Older\n\n",
		"v1.0.0-dev": "\n- Oldest\n\n",
		"v0.9.0":     "",
		"v1.0":       "",
		"v1.2.0":     "",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "CHANGELOG.md"), []byte(changelog), 0o600))
		ok, out := runStep(t, "build", "notes", version, dir)
		assert.Equal(t, want != "", ok, "%s: %s", version, out)
		if ok {
			assert.Equal(t, want, read(t, filepath.Join(dir, "notes.md")), version)
		}
	}
}

// The publishing step, with a gh that writes down what it is asked.
func TestAReleaseHasAllFiles(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.0.0":      "release create v1.0.0 --verify-tag --title v1.0.0 --notes-file notes.md dist/SHA256SUMS dist/a.zip\n",
		"v1.0.0-rc.1": "release create v1.0.0-rc.1 --verify-tag --title v1.0.0-rc.1 --notes-file notes.md --prerelease dist/SHA256SUMS dist/a.zip\n",
	} {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "dist"), 0o700))
		for _, name := range []string{"SHA256SUMS", "a.zip"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "dist", name), nil, 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "gh"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700))
		ok, out := runStep(t, "publish", "publish", version, dir)
		assert.True(t, ok)
		assert.Equal(t, want, out)
	}
}
