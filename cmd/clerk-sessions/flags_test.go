package main

import (
	"bytes"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlagsRejectAnEmptyValue(t *testing.T) {
	t.Parallel()
	valued := regexp.MustCompile(`--([a-z-]+) [A-Za-z]+  `)
	for _, cmd := range newApp(time.Now).root().Commands() {
		for _, flag := range valued.FindAllStringSubmatch(cmd.Flags().FlagUsages()+cmd.InheritedFlags().FlagUsages(), -1) {
			a := &app{out: new(bytes.Buffer), errs: new(bytes.Buffer)}
			assert.Equal(t, exitUsage, a.execute(t.Context(), []string{cmd.Name(), "--" + flag[1], ""}), flag)
			assert.Contains(t, a.errs.(*bytes.Buffer).String(), `invalid argument "" for "--`+flag[1]+`" flag: `)
		}
	}
}

func TestDefaultsOfFlags(t *testing.T) {
	t.Parallel()
	described := regexp.MustCompile(`--([a-z-]+) .*\(default:? ([^)]*)\)`)
	defaults := map[string]string{}
	for _, cmd := range newApp(time.Now).root().Commands() {
		for _, flag := range described.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
			defaults[cmd.Name()+" --"+flag[1]] = flag[2]
		}
	}
	assert.Equal(t, map[string]string{
		"list --limit":              "10",
		"revoke-all --concurrency":  "8",
		"revoke-all --status":       "every session that has not ended",
		"token --expires-in":        "60s, or the template's",
		"token --origin":            "none",
		"verify --issuer":           "from CLERK_PUBLISHABLE_KEY",
		"verify --jwt-key-file":     "CLERK_JWT_KEY",
		"verify --authorized-party": "any",
		"emulate --addr":            "127.0.0.1:8787",
		"emulate --issuer":          "the emulator's own",
		"emulate --rate-limit":      "no limit",
	}, defaults)
}

func TestNetworkFlag(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"203.0.113.9": "203.0.113.9/32", "203.0.113.9/24": "203.0.113.0/24",
		"2001:db8::1": "2001:db8::1/128", "::ffff:203.0.113.9": "203.0.113.9/32",
	} {
		var prefix netip.Prefix
		require.NoError(t, network(&prefix)(value))
		assert.Equal(t, want, prefix.String())
	}
	assert.Error(t, network(new(netip.Prefix))("203.0.113"))
}
