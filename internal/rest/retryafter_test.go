package rest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	const century = 876000 * time.Hour
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"2":                             2 * time.Second,
		" 4 ":                           4 * time.Second,
		"1.5":                           1500 * time.Millisecond,
		"-1":                            0,
		"NaN":                           0,
		"soon":                          0,
		"Inf":                           century,
		"1e300":                         century,
		"99999999999999999999":          century,
		"Tue, 12 May 2026 10:00:05 GMT": 5 * time.Second,
		"Tue, 12 May 2026 09:59:55 GMT": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": century,
		"Thu, 21 Oct 1999 07:28:00 GMT": 0,
	} {
		assert.Equal(t, want, RetryAfter(value, now), "%q", value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("2", int64(0))
	f.Add("1e300", int64(0))
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT", int64(784111770))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", int64(math.MinInt32))
	f.Fuzz(func(t *testing.T, value string, now int64) {
		require.GreaterOrEqual(t, RetryAfter(value, time.Unix(now%(1<<33), 0)), time.Duration(0), value)
	})
}
