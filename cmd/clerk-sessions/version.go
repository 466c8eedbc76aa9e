package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

type versions struct {
	Module      string   `json:"module"`
	Contract    string   `json:"contract"`
	APIVersions []string `json:"api_versions"`
	Go          string   `json:"go"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of program, contract and API",
		Long: `Print the version of this program, of the contract it was made from (the newest API
version in it), of the API versions it asks Clerk for, and of Go.`,
		Args: cobra.NoArgs,
		RunE: a.action(func(context.Context, []string) error {
			v := versions{Module: moduleVersion(), Go: runtime.Version()}
			for _, op := range clerksessions.Operations() {
				v.APIVersions = append(v.APIVersions, op.APIVersion)
			}
			slices.Sort(v.APIVersions)
			v.APIVersions = slices.Compact(v.APIVersions)
			v.Contract = v.APIVersions[len(v.APIVersions)-1]
			if a.asJSON {
				return a.printJSON(v)
			}
			return a.printRows([][]string{
				{"clerk-sessions", v.Module},
				{"contract", v.Contract},
				{"API versions", strings.Join(v.APIVersions, ", ")},
				{"Go", v.Go},
			})
		}),
	}
}

// moduleVersion is what the program was built from; "(devel)" in a checkout.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
