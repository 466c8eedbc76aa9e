package clerksessions_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
)

func TestUnixMilli(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 12, 10, 0, 0, 1_999_999, time.FixedZone("", 3600))
	m := clerksessions.NewUnixMilli(at)
	assert.Equal(t, "2026-05-12T09:00:00.001Z", m.String())
	assert.Equal(t, at.UTC().Truncate(time.Millisecond), m.Time())
	assert.False(t, m.IsZero())
	assert.True(t, clerksessions.UnixMilli(0).IsZero())
	for _, test := range []struct {
		name          string
		other         time.Time
		before, after bool
	}{
		{"a millisecond earlier", m.Time().Add(-time.Millisecond), false, true},
		{"the same", m.Time(), false, false},
		{"a nanosecond later", m.Time().Add(1), true, false},
	} {
		assert.Equal(t, test.before, m.Before(test.other), test.name)
		assert.Equal(t, test.after, m.After(test.other), test.name)
	}
}
