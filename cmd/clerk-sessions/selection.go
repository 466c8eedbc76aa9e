package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

// selection is the set of flags that select the sessions of a user to revoke.
type selection struct {
	status    clerksessions.SessionStatus
	client    string
	olderThan time.Duration
	ip        netip.Prefix
	except    []string

	createdBefore time.Time // the start of the first run minus olderThan; resumed runs keep it
}

func (s *selection) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	statusFlag(cmd, &s.status, "only sessions with this `STATUS` (default: every session that has not ended)")
	flags.Func("client", "only sessions of the client `ID`, which is one browser or device", clientIDs.one(&s.client))
	flags.Func("older-than", "only sessions created more than this `DURATION` ago, such as 24h", duration(&s.olderThan))
	flags.Func("ip", "only sessions last active from this `CIDR` range or address", network(&s.ip))
	flags.Func("except", "spare the session `ID`; may be repeated", sessionIDs.several(&s.except))
}

// String returns the flags that are set, in a fixed order.
func (s *selection) String() string {
	var flags []string
	add := func(name string, value any, set bool) {
		if set {
			flags = append(flags, fmt.Sprintf("--%s %v", name, value))
		}
	}
	add("status", s.status, s.status != "")
	add("client", s.client, s.client != "")
	add("older-than", s.olderThan, s.olderThan > 0)
	add("ip", s.ip, s.ip.IsValid())
	for _, id := range slices.Sorted(slices.Values(s.except)) {
		add("except", id, true)
	}
	return strings.Join(flags, " ")
}

// wanted describes the sessions that are listed: for example, "live session on client_2abc".
func (s *selection) wanted() string {
	what := "live session"
	if s.status != "" {
		what = fmt.Sprintf("session with status %q", s.status)
	}
	if s.client != "" {
		what += " on " + s.client
	}
	return what
}

// live reports whether a listed session has not ended, or has the status asked for.
func (s *selection) live(session *clerksessions.Session) bool {
	if s.status != "" {
		return session.Status == s.status
	}
	return !session.Status.Ended()
}

// matches reports whether a live session is to be revoked.
func (s *selection) matches(session *clerksessions.Session) bool {
	switch {
	case slices.Contains(s.except, session.ID),
		!s.createdBefore.IsZero() && !session.CreatedAt.Before(s.createdBefore):
		return false
	case !s.ip.IsValid():
		return true
	case session.LatestActivity == nil:
		return false
	}
	addr, err := netip.ParseAddr(session.LatestActivity.IPAddress)
	return err == nil && s.ip.Contains(addr.Unmap().WithZone(""))
}

// notAsked returns an error for a session that does not match the request of the list.
func (s *selection) notAsked(user string, session *clerksessions.Session) error {
	switch {
	case user != "" && session.UserID != user:
		return wrongResponse{fmt.Errorf("the list of %s has session %s of user %q, which was not revoked",
			user, session.ID, session.UserID)}
	case s.client != "" && session.ClientID != s.client:
		return wrongResponse{fmt.Errorf("the list of %s has session %s of client %q, which was not revoked",
			s.client, session.ID, session.ClientID)}
	}
	return nil
}
