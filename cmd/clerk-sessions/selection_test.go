package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSelectionMatches(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	created := func(ago time.Duration) clerksessions.Session {
		return clerksessions.Session{ID: "sess_1", CreatedAt: clerksessions.NewUnixMilli(now.Add(-ago))}
	}
	from := func(ip string) clerksessions.Session {
		return clerksessions.Session{ID: "sess_1", LatestActivity: &clerksessions.SessionActivity{IPAddress: ip}}
	}
	in := func(value string) (s selection) {
		require.NoError(t, network(&s.ip)(value))
		return s
	}
	hour := selection{createdBefore: now.Add(-time.Hour)}
	for _, row := range []struct {
		name      string
		selection selection
		session   clerksessions.Session
		want      bool
	}{
		{"no condition", selection{}, created(0), true},
		{"excepted", selection{except: []string{"sess_0", "sess_1"}}, created(0), false},
		{"another is excepted", selection{except: []string{"sess_0"}}, created(0), true},
		{"older", hour, created(time.Hour + time.Millisecond), true},
		{"of the same age", hour, created(time.Hour), false},
		{"in the range", in("203.0.113.0/24"), from("203.0.113.255"), true},
		{"outside the range", in("203.0.113.0/24"), from("203.0.114.0"), false},
		{"the address", in("203.0.113.9"), from("203.0.113.9"), true},
		{"another address", in("203.0.113.9"), from("203.0.113.8"), false},
		{"IPv4 written as IPv6", in("203.0.113.0/24"), from("::ffff:203.0.113.9"), true},
		{"IPv6", in("2001:db8::/32"), from("2001:db8::1"), true},
		{"no address", in("203.0.113.0/24"), created(0), false},
		{"not an address", in("0.0.0.0/0"), from("Athens"), false},
	} {
		assert.Equal(t, row.want, row.selection.matches(&row.session), row.name)
	}
}

func TestSelectionIsOfLiveSessionsOrOfOneStatus(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		asked, listed clerksessions.SessionStatus
		want          bool
	}{
		{"", "active", true}, {"", "pending", true}, {"", "suspended", true}, {"", "ended", false},
		{"active", "active", true}, {"active", "pending", false}, {"revoked", "revoked", true}, {"revoked", "active", false},
	} {
		s := &selection{status: row.asked}
		assert.Equal(t, row.want, s.live(&clerksessions.Session{Status: row.listed}), "%+v", row)
	}
}

func TestListedSessionsOfOthersAreErrors(t *testing.T) {
	t.Parallel()
	session := &clerksessions.Session{ID: "sess_1", UserID: "user_1", ClientID: "client_1"}
	for _, row := range []struct{ name, client, user, err string }{
		{"of the user", "", "user_1", ""},
		{"of the client", "client_1", "", ""},
		{"of the user and client", "client_1", "user_1", ""},
		{"of another user", "client_1", "user_2",
			`the list of user_2 has session sess_1 of user "user_1", which was not revoked`},
		{"of another client", "client_2", "",
			`the list of client_2 has session sess_1 of client "client_1", which was not revoked`},
		{"of another client of the user", "client_2", "user_1",
			`the list of client_2 has session sess_1 of client "client_1", which was not revoked`},
	} {
		err := (&selection{client: row.client}).notAsked(row.user, session)
		if row.err == "" {
			assert.NoError(t, err, row.name)
		} else {
			assert.EqualError(t, err, row.err, row.name)
		}
	}
}

func TestSelectionIsWrittenInOneOrder(t *testing.T) {
	t.Parallel()
	s := selection{status: "active", client: "client_1", olderThan: 24 * time.Hour,
		ip: netip.MustParsePrefix("203.0.113.9/32"), except: []string{"sess_2", "sess_1"}}
	assert.Equal(t, "--status active --client client_1 --older-than 24h0m0s --ip 203.0.113.9/32 "+
		"--except sess_1 --except sess_2", s.String())
	assert.Empty(t, (&selection{}).String())
}
