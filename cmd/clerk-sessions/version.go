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

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the program, the contract and the API",
		Long: `Print the version of the program, the version of its contract (the newest API version
it follows), the API versions it sends to Clerk, and the version of Go.`,
		Args: cobra.NoArgs,
		RunE: a.action(func(context.Context, []string) error {
			var api []string
			for _, op := range clerksessions.Operations() {
				api = append(api, op.APIVersion)
			}
			slices.Sort(api)
			api = slices.Compact(api)
			contract := api[len(api)-1]
			if a.asJSON {
				return a.printJSON(struct {
					Module      string   `json:"module"`
					Contract    string   `json:"contract"`
					APIVersions []string `json:"api_versions"`
					Go          string   `json:"go"`
				}{moduleVersion(), contract, api, runtime.Version()})
			}
			return a.printRows([][]string{
				{"clerk-sessions", moduleVersion()},
				{"contract", contract},
				{"API versions", strings.Join(api, ", ")},
				{"Go", runtime.Version()},
			})
		}),
	}
}

// moduleVersion returns the version of the module, "(devel)" in a checkout.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
