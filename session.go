package clerksessions

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// UnixMilli is a moment in milliseconds since 1970-01-01 UTC, the unit of every
// time in a [Session]. The claims inside a token are in seconds instead.
type UnixMilli int64

// NewUnixMilli returns t in milliseconds and drops any fraction of a millisecond.
func NewUnixMilli(t time.Time) UnixMilli { return UnixMilli(t.UnixMilli()) }

// IsZero reports whether m is zero, which means that the time is not set.
func (m UnixMilli) IsZero() bool { return m == 0 }

// Before reports whether m is before t.
func (m UnixMilli) Before(t time.Time) bool { return m.Time().Before(t) }

// After reports whether m is after t.
func (m UnixMilli) After(t time.Time) bool { return m.Time().After(t) }

// Time returns the moment as a [time.Time] in UTC.
func (m UnixMilli) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// String returns the moment in RFC 3339 form, UTC, with milliseconds.
func (m UnixMilli) String() string { return m.Time().Format("2006-01-02T15:04:05.000Z07:00") }

// Ended reports whether a session with this status has ended: it is abandoned, ended,
// expired, removed, replaced or revoked. Every other status counts as live, even one
// that this version does not know.
func (s SessionStatus) Ended() bool {
	switch s {
	case SessionStatusAbandoned, SessionStatusEnded, SessionStatusExpired,
		SessionStatusRemoved, SessionStatusReplaced, SessionStatusRevoked:
		return true
	}
	return false
}

// decode decodes both forms of a page: an object, and a bare array without a total.
func (p *SessionPage) decode(body []byte) error {
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return json.Unmarshal(body, p)
	}
	err := json.Unmarshal(body, &p.Data)
	p.TotalCount = len(p.Data)
	return err
}

func (p *SessionPage) missing() string {
	if p.Data == nil {
		return `"data"`
	}
	for i := range p.Data {
		if what := p.Data[i].missing(); what != "" {
			return fmt.Sprintf("%s in session %d of the page", what, i)
		}
	}
	return ""
}
