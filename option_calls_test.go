package clerksessions_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// optionCalls are New and the methods of Client, of which rows has one for each
// operation.
func optionCalls() map[string]func(*clerksessions.Client, clerksessions.Option) error {
	ctx := context.Background()
	all := func(results iter.Seq2[*clerksessions.Session, error]) (failed error) {
		for _, err := range results {
			failed = errors.Join(failed, err)
		}
		return failed
	}
	calls := map[string]func(*clerksessions.Client, clerksessions.Option) error{
		"New": func(_ *clerksessions.Client, o clerksessions.Option) error {
			_, err := clerksessions.New(testKey, o)
			return err
		},
		"All": func(c *clerksessions.Client, o clerksessions.Option) error { return all(c.All(ctx, everySession, o)) },
		"RevokeAll": func(c *clerksessions.Client, o clerksessions.Option) error {
			return all(c.RevokeAll(ctx, everySession, o))
		},
		"RevokeEach": func(c *clerksessions.Client, o clerksessions.Option) error {
			return all(c.RevokeEach(ctx, slices.Values([]string{"sess_1"}), o))
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

// A call refuses an option that it would ignore, and sends nothing.
func TestOptionsThatACallCannotUseAreRefused(t *testing.T) {
	t.Parallel()
	var sent int
	transport := &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errReset
	})}
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(transport),
		clerksessions.WithMaxAttempts(1), clerksessions.WithConcurrency(2), clerksessions.WithExcept("sess_2"))
	calls := optionCalls()
	bulk := []string{"New", "RevokeAll", "RevokeEach"}
	everything := slices.Collect(maps.Keys(calls))
	others := slices.DeleteFunc(slices.Clone(everything), func(title string) bool { return slices.Contains(bulk, title) })
	options := map[string]struct {
		option clerksessions.Option
		usedBy []string
	}{
		"WithBaseURL":          {clerksessions.WithBaseURL("https://elsewhere.invalid/v1"), everything},
		"WithConcurrency":      {clerksessions.WithConcurrency(2), bulk},
		"WithExcept":           {clerksessions.WithExcept("sess_2"), bulk},
		"WithHTTPClient":       {clerksessions.WithHTTPClient(transport), everything},
		"WithHeader":           {clerksessions.WithHeader("X-App", "1"), everything},
		"WithLogger":           {clerksessions.WithLogger(slog.New(slog.DiscardHandler)), everything},
		"WithMaxAttempts":      {clerksessions.WithMaxAttempts(1), everything},
		"WithMaxResponseBytes": {clerksessions.WithMaxResponseBytes(1), everything},
		"WithMeta":             {clerksessions.WithMeta(new(clerksessions.Meta)), others},
		"WithOrigin":           {clerksessions.WithOrigin("https://app.example.com"), everything},
		"WithQuery":            {clerksessions.WithQuery("q", "1"), everything},
		"WithTimeout":          {clerksessions.WithTimeout(time.Second), everything},
		"WithUserAgent":        {clerksessions.WithUserAgent("app/1"), everything},
	}
	assert.ElementsMatch(t, declaredOptions(t), slices.Collect(maps.Keys(options)), "every option has a row")
	for name, test := range options {
		for title, call := range calls {
			t.Run(name+"/"+title, func(t *testing.T) {
				sent = 0
				err := call(client, test.option)
				if slices.Contains(test.usedBy, title) {
					assert.NotErrorIs(t, err, clerksessions.ErrInvalidArgument)
					return
				}
				assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
				assert.ErrorContains(t, err, name+" is for ")
				assert.Zero(t, sent, "nothing is sent")
			})
		}
	}
	_, err := client.Get(t.Context(), "sess_1", clerksessions.WithConcurrency(2))
	assert.EqualError(t, err, "clerksessions: GetSession: invalid argument: WithConcurrency is for RevokeAll and RevokeEach")
}

// declaredOptions are the options that the package has.
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
