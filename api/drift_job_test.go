package api

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o700))
}

// runDriftJob runs the steps of the daily job that come before the issue, until one fails. The tool is built in tools and
// run in dir.
func runDriftJob(t *testing.T, tools, dir, upstream string) (exit int, changeLog, output string) {
	t.Helper()
	temp := t.TempDir()
	file := func(name string) string {
		data, err := os.ReadFile(filepath.Join(temp, name))
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		return string(data)
	}
	watch := jobs(t)["drift.yml watch"]
	for _, id := range []string{"build", "watch"} {
		step := watch.step(t, id)
		require.Equal(t, "api", step.Directory)
		exit, _ = step.run(t, map[string]string{"build": tools, "watch": dir}[id], temp, "UPSTREAM="+upstream,
			"GITHUB_OUTPUT="+filepath.Join(temp, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(temp, "summary"))
		if exit != 0 {
			break
		}
	}
	assert.Equal(t, file("change-log.md"), file("summary"))
	return exit, file("change-log.md"), file("output")
}

func TestDriftJob(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exit     int
		old, new string
		log      string
	}{
		"no change":           {0, "", "", "watch: no drift.\n"},
		"change":              {1, "maximum: 500", "maximum: 100", "- breaking: `query.limit.schema.maximum was 500 and is now 100`"},
		"unreadable document": {2, "openapi: ", "opened: ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			require.NoError(t, os.CopyFS(root, os.DirFS("drift/testdata")))
			document := filepath.Join(root, "bapi", "2026-05-12.yml")
			write(t, document, strings.Replace(read(t, document), test.old, test.new, 1))
			exit, log, output := runDriftJob(t, ".", filepath.Join(root, "api"), filepath.Join(root, "bapi"))
			assert.Equal(t, test.exit, exit)
			assert.Equal(t, "exit="+string(rune('0'+test.exit))+"\n", output)
			assert.Contains(t, log, test.log)
			assert.Equal(t, test.log == "", log == "")
		})
	}
	watch := jobs(t)["drift.yml watch"]
	assert.Equal(t, "failure() && steps.watch.outputs.exit == '1'", watch.step(t, "issue").If, "only drift opens an issue")
	assert.Equal(t, "success() && steps.watch.outputs.exit == '0'", watch.step(t, "close").If, "only its absence closes it")
}

// A tool that does not build says nothing about Clerk.
func TestDriftJobWithoutATool(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(broken, "drift"), 0o700))
	write(t, filepath.Join(broken, "go.mod"), "module example.com/broken\n\ngo 1.26\n")
	write(t, filepath.Join(broken, "drift", "main.go"), "package main\n\nfunc main() { undefined() }\n")
	exit, log, output := runDriftJob(t, broken, broken, broken)
	assert.NotZero(t, exit)
	assert.Empty(t, output)
	assert.Empty(t, log)
}

// The steps that maintain the issue run with a gh that records its arguments.
func TestDriftJobMaintainsOneIssue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step, open, before, log string
		calls                   []string
	}{
		"first change": {
			"issue", "", "", "a change\n",
			[]string{"issue list", "label create drift", "issue create --label drift --title"},
		},
		"same change": {"issue", "17", "a change\r\n", "a change\n", []string{"issue list", "issue view 17"}},
		"another change": {
			"issue", "17", "a change\n", "another\n",
			[]string{"issue list", "issue view 17", "issue edit 17 --body-file", "issue comment 17 --body-file"},
		},
		"empty change log": {"issue", "17", "", "", nil},
		"pins moved":       {"close", "17", "", "", []string{"issue list", "issue close 17 --comment"}},
		"no issue":         {"close", "", "", "", []string{"issue list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			file := func(name string) string { return filepath.Join(temp, name) }
			write(t, file("change-log.md"), test.log)
			write(t, file("old-body"), test.before)
			write(t, file("calls"), "")
			write(t, file("gh"), "#!/bin/sh\necho \"$@\" >> "+file("calls")+"\n"+
				"case $2 in list) echo "+test.open+" ;; view) cat "+file("old-body")+" ;; esac\n")
			exit, out := jobs(t)["drift.yml watch"].step(t, test.step).run(t, temp, temp)
			if test.calls == nil {
				assert.NotZero(t, exit)
				assert.Contains(t, out, "The change log is empty")
			} else {
				assert.Zero(t, exit)
			}
			calls := strings.FieldsFunc(read(t, file("calls")), func(r rune) bool { return r == '\n' })
			require.Len(t, calls, len(test.calls))
			for i, want := range test.calls {
				assert.True(t, strings.HasPrefix(calls[i], want), "%q: want %q", calls[i], want)
			}
			if name == "another change" {
				assert.Contains(t, read(t, file("comment.md")), "\n-a change\n+another\n")
			}
		})
	}
}
