package clerksessions_test

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
)

// linked lists the packages outside the standard library that a program may link if it
// imports a package of this module. Each further line is a cost to every user.
var linked = map[string][]string{
	root:                   slices.Concat(client, jsonLibrary, parameterLibrary),
	root + "/sessionstest": slices.Concat(client, jsonLibrary, parameterLibrary, []string{root + "/sessionstest"}),
	root + "/sessionjwt":   slices.Concat(jsonLibrary, []string{root + "/sessionjwt", root + "/internal/rest"}),
}

const root = "github.com/clerksessions/clerksessions"

// client is the client and its inner packages.
var client = []string{root, root + "/internal/rest", root + "/internal/bulk", root + "/internal/clerkenv"}

// On Go 1.27 the standard library has these.
var jsonLibrary = []string{
	"github.com/go-json-experiment/json",
	"github.com/go-json-experiment/json/internal",
	"github.com/go-json-experiment/json/internal/jsonflags",
	"github.com/go-json-experiment/json/internal/jsonopts",
	"github.com/go-json-experiment/json/internal/jsonwire",
	"github.com/go-json-experiment/json/jsontext",
}

// parameterLibrary writes parameters in the styles of OpenAPI.
var parameterLibrary = []string{
	"github.com/apapsch/go-jsonmerge/v2", // of runtime, for unions
	"github.com/google/uuid",
	"github.com/oapi-codegen/runtime",
	"github.com/oapi-codegen/runtime/types",
}

// A module that imports this checkout, set up as the README says, links only what
// is listed.
func TestAnImporterLinksOnlyListedPackages(t *testing.T) {
	t.Parallel()
	checkout, err := filepath.Abs(".")
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	setup := regexp.MustCompile(`(?m)^go (mod .*)$`).FindAllStringSubmatch(strings.ReplaceAll(string(readme), "../clerksessions", checkout), -1)
	require.Len(t, setup, 2)
	for path, want := range linked {
		dir := t.TempDir()
		write := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		run := func(args ...string) string {
			cmd := exec.Command("go", args...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
			return string(out)
		}
		write("main.go", "package main\n\nimport _ \""+path+"\"\n\nfunc main() {}\n")
		run("mod", "init", "example.com/importer")
		for _, command := range setup {
			run(strings.Fields(command[1])...)
		}
		run("build", "-mod=readonly", "-o", os.DevNull, ".")

		for _, name := range strings.Fields(run("list", "-mod=readonly", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")) {
			if name != "example.com/importer" {
				assert.Contains(t, want, name, "a new dependency of %s is a decision: note it here and in CHANGELOG.md", path)
			}
		}
	}
}

// Only a contract with a pattern links regexp.
func TestAnImporterDoesNotLinkRegexp(t *testing.T) {
	t.Parallel()
	for _, path := range []string{root, root + "/sessionjwt"} {
		out, err := exec.Command("go", "list", "-deps", path).Output()
		require.NoError(t, err)
		assert.NotContains(t, strings.Fields(string(out)), "regexp", path)
	}
}
