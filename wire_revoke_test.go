package clerksessions_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
)

// TestRevokeAllOverTheWire revokes sessions of which every third fails once, each in a
// different way. On HTTP/2 they share a connection, so others fail with it.
func TestRevokeAllOverTheWire(t *testing.T) {
	t.Parallel()
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cases := revocableCases(p)
			sessions := wireSessions{count: 3 * len(cases), failed: make(map[string]bool), ended: make(map[int]bool)}
			server := newWireServer(t, p, sessions.respond, func(at stage, path string) *ending {
				i, ok := sessions.revoked(path)
				if !ok || at != onHeaders || i%3 != 0 || !sessions.fail(path) {
					return nil
				}
				return &cases[i/3].ending
			})
			hc := server.client()
			client := newClient(t, server.url, clerksessions.WithHTTPClient(hc))

			yielded := make(map[string]int)
			for session, err := range client.RevokeAll(t.Context(), clerksessions.ListParams{UserID: "user_1"}) {
				if assert.NoError(t, err) {
					yielded[session.ID]++
					assert.Equal(t, clerksessions.SessionStatusRevoked, session.Status)
				}
			}

			server.close(hc)
			for i := range sessions.count {
				id, path := sessionID(i), "/v1/sessions/"+sessionID(i)+"/revoke"
				assert.Equal(t, 1, yielded[id], "%s is yielded once", id)
				assert.Equal(t, 1, server.responses[path], "%s is not revoked again after a success", id)
			}
			if t.Failed() {
				t.Log(server)
			}
			t.Logf("%d sessions", sessions.count)
		})
	}
}

// revocableCases are the endings that need a revocation to be retried. A reset of the
// connection is omitted on HTTP/2: it may destroy a success on its way to the client.
func revocableCases(p protocol) (some []wireCase) {
	for _, c := range wireCases(p) {
		destroys := p.name == "HTTP2" && strings.Contains(strings.ReplaceAll(c.ending.name, "RST_STREAM", ""), "RST")
		if c.at >= onHeaders && !c.works && !c.final && !destroys {
			some = append(some, c)
		}
	}
	return some
}

// wireSessions are the sessions of a user, active until they are revoked.
type wireSessions struct {
	count  int
	mu     sync.Mutex
	failed map[string]bool
	ended  map[int]bool
}

func sessionID(i int) string { return fmt.Sprintf("sess_%d", i) }

// revoked returns the session that a path revokes.
func (s *wireSessions) revoked(path string) (i int, ok bool) {
	id, ok := strings.CutSuffix(strings.TrimPrefix(path, "/v1/sessions/sess_"), "/revoke")
	i, err := strconv.Atoi(id)
	return i, ok && err == nil
}

// fail reports whether this is the first request for path.
func (s *wireSessions) fail(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.failed[path]
	s.failed[path] = true
	return first
}

func (s *wireSessions) respond(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.revoked(path); ok {
		s.ended[i] = true
		return encoded(wireSession(i, clerksessions.SessionStatusRevoked))
	}
	u, _ := url.Parse(path)
	limit, _ := strconv.Atoi(u.Query().Get("limit"))
	offset, _ := strconv.Atoi(u.Query().Get("offset"))
	data := []any{}
	for i := offset; i < min(offset+limit, s.count); i++ {
		status := clerksessions.SessionStatusActive
		if s.ended[i] {
			status = clerksessions.SessionStatusRevoked
		}
		data = append(data, wireSession(i, status))
	}
	return encoded(map[string]any{"data": data, "total_count": s.count})
}

func wireSession(i int, status clerksessions.SessionStatus) map[string]any {
	return map[string]any{
		"object": "session", "id": sessionID(i), "user_id": "user_1", "client_id": "client_1", "status": status,
		"last_active_at": 1, "expire_at": 1, "abandon_at": 1, "updated_at": 1,
		"created_at": int64(1_800_000_000_000) - int64(i),
	}
}

func encoded(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return body
}
