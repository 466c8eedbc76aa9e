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

// selection says which sessions of a user to revoke. It is set by flags.
type selection struct {
	status    clerksessions.SessionStatus
	client    string
	olderThan span
	ip        network
	except    texts
}

func (s *selection) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	statusFlag(cmd, &s.status, "only sessions in this `STATUS` (default: every session that has not ended)")
	flags.Var((*text)(&s.client), "client", "only sessions of the client `ID`, which is one browser or device")
	flags.Var(&s.olderThan, "older-than", "only sessions created more than this `DURATION` ago, such as 24h")
	flags.Var(&s.ip, "ip", "only sessions last active from this `CIDR` range or address")
	flags.Var(&s.except, "except", "spare the session `ID`; may be repeated")
}

func (s *selection) check() error {
	if s.status != "" && !slices.Contains(statuses, string(s.status)) {
		return usagef("--status %q: want one of %s", s.status, strings.Join(statuses, ", "))
	}
	for _, id := range s.except {
		if err := sessionIDs.check("except", id); err != nil {
			return err
		}
	}
	return clientIDs.check("client", s.client)
}

// String returns the flags that make this selection, in a fixed order.
func (s *selection) String() string {
	except := slices.Compact(slices.Sorted(slices.Values(s.except)))
	var flags []string
	for _, flag := range []struct{ name, value string }{
		{"status", string(s.status)}, {"client", s.client}, {"older-than", s.olderThan.String()},
		{"ip", s.ip.String()}, {"except", strings.Join(except, " --except ")},
	} {
		if flag.value != "" {
			flags = append(flags, "--"+flag.name+" "+flag.value)
		}
	}
	return strings.Join(flags, " ")
}

func (s *selection) params(user string) clerksessions.ListParams {
	return clerksessions.ListParams{UserID: user, ClientID: s.client, Status: s.status}
}

// live reports whether a listed session has not ended, or has the status asked for.
func (s *selection) live(session *clerksessions.Session) bool {
	return s.status != "" || !session.Status.Ended()
}

// matches reports whether a live session is to be revoked.
func (s *selection) matches(session *clerksessions.Session, now time.Time) bool {
	if slices.Contains(s.except, session.ID) ||
		s.olderThan > 0 && now.Sub(session.CreatedAt.Time()) <= time.Duration(s.olderThan) {
		return false
	}
	if !s.ip.IsValid() {
		return true
	}
	if session.LatestActivity == nil {
		return false
	}
	addr, err := netip.ParseAddr(session.LatestActivity.IPAddress)
	return err == nil && s.ip.Contains(addr.Unmap().WithZone(""))
}

// notAsked returns the error for a listed session that was not asked for.
func (s *selection) notAsked(user string, session *clerksessions.Session) error {
	switch {
	case user != "" && session.UserID != user:
		return wrongResponse{
			fmt.Errorf("the list has session %s of user %q; it was not revoked", session.ID, session.UserID),
		}
	case s.client != "" && session.ClientID != s.client:
		return wrongResponse{
			fmt.Errorf("the list has session %s of client %q; it was not revoked", session.ID, session.ClientID),
		}
	}
	return nil
}
