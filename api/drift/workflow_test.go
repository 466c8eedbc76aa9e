package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

const workflows = "../../.github/workflows"

func workflow(t *testing.T, name string) (parsed object) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(workflows, name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(data, &parsed))
	return parsed
}

// step finds a step of a job of the drift workflow.
func step(t *testing.T, job, id string) object {
	t.Helper()
	for _, s := range get(workflow(t, "drift.yml"), "jobs", job)["steps"].([]any) {
		if s.(object)["id"] == id {
			return s.(object)
		}
	}
	require.FailNow(t, "no step "+id)
	return nil
}

// A jobRun is what the steps up to the issue leave behind.
type jobRun struct {
	exit        int
	log, output string
}

// runDriftJob runs the very commands of the daily job that come before the issue,
// in dir as its api directory, until one fails.
func runDriftJob(t *testing.T, dir, upstreamDir string) (r jobRun) {
	t.Helper()
	temp := t.TempDir()
	ran := 0
	for _, s := range get(workflow(t, "drift.yml"), "jobs", "watch")["steps"].([]any) {
		s := s.(object)
		if s["id"] == "issue" || r.exit != 0 {
			break
		}
		if s["run"] == nil {
			continue
		}
		require.Equal(t, "bash", s["shell"])
		require.Equal(t, "api", s["working-directory"])
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s["run"].(string))
		cmd.Env = append(os.Environ(), "UPSTREAM="+upstreamDir, "RUNNER_TEMP="+temp,
			"GITHUB_OUTPUT="+filepath.Join(temp, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(temp, "summary"))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		t.Logf("%s (%v)", out, err)
		r.exit = cmd.ProcessState.ExitCode()
		ran++
	}
	require.NotZero(t, ran)
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(temp, name))
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		return string(data)
	}
	assert.Equal(t, read("change-log.md"), read("summary"))
	r.log, r.output = read("change-log.md"), read("output")
	return r
}

// TestDriftJobFires runs the daily job first with nothing changed and then with
// one planted change.
func TestDriftJobFires(t *testing.T) {
	t.Parallel()
	upstreamDir := published(t, copyOf(t, filepath.Join("..", "..")))
	job := func() jobRun { return runDriftJob(t, "..", upstreamDir) } // this checkout's tools

	r := job()
	assert.Equal(t, noDrift, r.exit, r.log)
	assert.Equal(t, "exit=0\n", r.output)

	p, err := openProject("..")
	require.NoError(t, err)
	planted := filepath.Join(upstreamDir, p.pins.Documents[slices.Max(p.pins.versions())].file())
	data, err := os.ReadFile(planted)
	require.NoError(t, err)
	write(t, planted, edited(t, string(data), func(doc object) {
		setSchema("maximum", 100)(parameter(get(doc, "paths", "/sessions", "get"), "limit"))
	}))
	r = job()
	assert.Equal(t, drift, r.exit)
	assert.Equal(t, "exit=1\n", r.output)
	assert.Contains(t, r.log, "- breaking: `query.limit.schema.maximum was 500 and is now 100`")

	write(t, planted, "not found")
	r = job()
	assert.Equal(t, couldNotTell, r.exit)
	assert.Equal(t, "exit=2\n", r.output)
	assert.Empty(t, r.log)

	assert.Equal(t, "failure() && steps.watch.outputs.exit == '1'", step(t, "watch", "issue")["if"], "only drift makes an issue")
	assert.Equal(t, "success() && steps.watch.outputs.exit == '0'", step(t, "watch", "close")["if"], "only its absence closes it")
}

// That the tool cannot be built says nothing about Clerk.
func TestDriftJobWithoutAToolMakesNoIssue(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	write(t, filepath.Join(broken, "go.mod"), "module example.com/broken\n\ngo 1.26\n\ntool example.com/broken/drift\n")
	require.NoError(t, os.Mkdir(filepath.Join(broken, "drift"), 0o755))
	write(t, filepath.Join(broken, "drift", "main.go"), "package main\n\nfunc main() { undefined() }\n")
	r := runDriftJob(t, broken, broken)
	assert.NotZero(t, r.exit)
	assert.NotContains(t, r.output, "exit=1", "which would make an issue")
	assert.Empty(t, r.log)
}

// The steps that keep the issue, with a gh that writes down what it is asked.
func TestDriftJobKeepsOneIssue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step, open, before, log string
		asked                   []string
	}{
		"first change": {
			"issue", "", "", "a change\n",
			[]string{"issue list", "label create drift", "issue create --label drift --title"},
		},
		"same change":  {"issue", "17", "a change\r\n", "a change\n", []string{"issue list", "issue view 17"}},
		"other change": {"issue", "17", "a change\n", "another\n", []string{"issue list", "issue view 17", "issue edit 17 --body-file", "issue comment 17 --body-file"}},
		"empty log":    {"issue", "17", "", "", nil},
		"pins moved":   {"close", "17", "", "", []string{"issue list", "issue close 17 --comment"}},
		"nothing open": {"close", "", "", "", []string{"issue list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			write(t, filepath.Join(temp, "change-log.md"), test.log)
			write(t, filepath.Join(temp, "old-body"), test.before)
			gh, asked := filepath.Join(temp, "gh"), write(t, filepath.Join(temp, "asked"), "")
			write(t, gh, "#!/bin/sh\necho \"$@\" >> "+asked+"\ncase $2 in list) echo "+test.open+" ;; view) cat "+temp+"/old-body ;; esac\n")
			require.NoError(t, os.Chmod(gh, 0o755))
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(t, "watch", test.step)["run"].(string))
			cmd.Env = append(os.Environ(), "PATH="+temp+":"+os.Getenv("PATH"), "RUNNER_TEMP="+temp)
			out, err := cmd.CombinedOutput()
			if test.asked == nil {
				assert.Error(t, err)
				assert.Contains(t, string(out), "The change log is empty")
			} else {
				require.NoError(t, err, string(out))
			}
			lines := strings.Split(strings.TrimSuffix(read(t, asked), "\n"), "\n")
			require.Len(t, lines, max(len(test.asked), 1), "%q", lines)
			for i, want := range test.asked {
				assert.True(t, strings.HasPrefix(lines[i], want), "%q: want %q", lines[i], want)
			}
			if name == "other change" {
				comment := read(t, filepath.Join(temp, "comment.md"))
				assert.Contains(t, comment, "\n-a change\n+another\n")
			}
		})
	}
}

func TestWorkflowsArePinnedAndModest(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(workflows, "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	uses := regexp.MustCompile(`(?m)^\s*-?\s*uses:.*$`)
	pinned := regexp.MustCompile(`uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range uses.FindAllString(string(data), -1) {
			assert.Regexp(t, pinned, line, file)
		}
		assert.Equal(t, object{"contents": "read"}, workflow(t, filepath.Base(file))["permissions"], file)
	}
	jobs := get(workflow(t, "drift.yml"), "jobs")
	assert.Equal(t, object{"contents": "read", "issues": "write"}, get(jobs, "watch")["permissions"])
	assert.Nil(t, get(jobs, "check")["permissions"])
	assert.NotContains(t, get(jobs, "watch")["if"], "pull_request", "upstream cannot turn a contribution red")
}
