package main

import (
	"bytes"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNoFlagTakesAnEmptyValue(t *testing.T) {
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

// Each default that is not zero is named here.
func TestDefaultsOfFlags(t *testing.T) {
	t.Parallel()
	described := regexp.MustCompile(`--([a-z-]+) .*\(default:? ([^)]*)\)`)
	defaults := map[string]string{}
	for _, cmd := range newApp(time.Now).root().Commands() {
		for line := range strings.Lines(cmd.LocalFlags().FlagUsages()) {
			if flag := described.FindStringSubmatch(line); flag != nil {
				defaults[cmd.Name()+" --"+flag[1]] = flag[2]
			}
		}
	}
	assert.Equal(t, "8", defaults["revoke-all --concurrency"])
	assert.Equal(t, "127.0.0.1:8787", defaults["emulate --addr"])
	t.Log(defaults)
}

func TestListAllPrintsWhatCameBeforeAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failing     int // the page
		lines, code int
	}{
		"the first page fails":  {1, 0, exitFailed},
		"the second page fails": {2, 501, exitPartly},
		"no page fails":         {0, 601, exitDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := sessionstest.New()
			for range 600 {
				server.AddSession(clerksessions.Session{UserID: "user_1"})
			}
			page := 0
			server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
				if page++; page == test.failing {
					return &sessionstest.Fault{Status: 422}
				}
				return nil
			})
			out := new(bytes.Buffer)
			a := &app{out: out, errs: io.Discard, width: func() int { return 0 }, now: time.Now}
			err := a.listAll(server.Client().All(t.Context(), clerksessions.ListParams{UserID: "user_1"}))
			assert.Equal(t, test.lines, bytes.Count(out.Bytes(), []byte("\n")))
			assert.Equal(t, test.code, a.exitCode(err))
		})
	}
}

func TestAdviceForA404(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Session not found or inactive":                 true,
		"The session sess_1 is revoked.":                true,
		"No live session":                               true,
		"The session has ended":                         true,
		"Session not found. No session was found.":      false,
		"There is no session sess_1.":                   false,
		"The list of revoked tokens is not a resource.": false,
	} {
		err := &clerksessions.Error{Op: "CreateSessionToken", StatusCode: 404,
			Errors: []clerksessions.ClerkError{{Code: "resource_not_found", Message: text}}}
		assert.Equal(t, want, hasEnded(err), text)
	}
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
