package clerksessions_test

import (
	"context"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

type optionCall func(*clerksessions.Client, clerksessions.Option) error

// optionCalls returns calls of New and of the methods of Client; those of operations are
// made from rows.
func optionCalls() map[string]optionCall {
	ctx := context.Background()
	last := func(results iter.Seq2[*clerksessions.Session, error]) (err error) {
		for _, err = range results {
		}
		return err
	}
	calls := map[string]optionCall{
		"New": func(_ *clerksessions.Client, o clerksessions.Option) error {
			_, err := clerksessions.New(testKey, o)
			return err
		},
		"All": func(c *clerksessions.Client, o clerksessions.Option) error {
			return last(c.All(ctx, everySession, o))
		},
		"RevokeAll": func(c *clerksessions.Client, o clerksessions.Option) error {
			return last(c.RevokeAll(ctx, everySession, o))
		},
		"RevokeEach": func(c *clerksessions.Client, o clerksessions.Option) error {
			return last(c.RevokeEach(ctx, slices.Values([]string{"sess_1"}), o))
		},
	}
	for _, r := range rows {
		calls[r.title()] = func(c *clerksessions.Client, o clerksessions.Option) error {
			_, err := r.call(ctx, c, o)
			return err
		}
	}
	return calls
}

// A call refuses an option that it would ignore, and sends nothing. Given to New, the
// option is for the calls that use it.
func TestOptionsThatACallWouldIgnoreAreRefused(t *testing.T) {
	t.Parallel()
	sent := 0
	transport := withTransport(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errReset
	})
	client := newClient(t, "https://clerk.invalid/v1", transport,
		clerksessions.WithMaxAttempts(1), clerksessions.WithConcurrency(2), clerksessions.WithExcept("sess_2"))
	options := map[string]clerksessions.Option{
		"WithBaseURL":          clerksessions.WithBaseURL("https://elsewhere.invalid/v1"),
		"WithConcurrency":      clerksessions.WithConcurrency(2),
		"WithExcept":           clerksessions.WithExcept("sess_2"),
		"WithHTTPClient":       transport,
		"WithHeader":           clerksessions.WithHeader("X-App", "1"),
		"WithLogger":           clerksessions.WithLogger(slog.New(slog.DiscardHandler)),
		"WithMaxAttempts":      clerksessions.WithMaxAttempts(1),
		"WithMaxResponseBytes": clerksessions.WithMaxResponseBytes(1),
		"WithMeta":             clerksessions.WithMeta(new(clerksessions.Meta)),
		"WithOrigin":           clerksessions.WithOrigin("https://app.example.com"),
		"WithQuery":            clerksessions.WithQuery("q", "1"),
		"WithTimeout":          clerksessions.WithTimeout(1),
		"WithUserAgent":        clerksessions.WithUserAgent("app/1"),
	}
	assert.ElementsMatch(t, declaredOptions(t), slices.Collect(maps.Keys(options)), "every option has a row")
	for name, option := range options {
		for title, call := range optionCalls() {
			t.Run(name+"/"+title, func(t *testing.T) {
				sent = 0
				err := call(client, option)
				bulk := slices.Contains([]string{"New", "RevokeAll", "RevokeEach"}, title)
				switch {
				case (name == "WithConcurrency" || name == "WithExcept") && !bulk:
					assert.ErrorContains(t, err, name+" is for RevokeAll and RevokeEach")
				case name == "WithMeta" && bulk:
					assert.ErrorContains(t, err, "WithMeta is for single calls")
				default:
					assert.NotErrorIs(t, err, clerksessions.ErrInvalidArgument)
					return
				}
				assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
				assert.Zero(t, sent, "nothing is sent")
			})
		}
	}
}

// declaredOptions returns the names of the package's options.
func declaredOptions(t *testing.T) (names []string) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^func (With\w+)\(`).FindAllSubmatch(source, -1) {
			names = append(names, string(found[1]))
		}
	}
	return names
}
