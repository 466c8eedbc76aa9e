package clerksessions_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/clerksessions/clerksessions"
)

// Revoker is what this code needs of a client. The consumer declares it, so that its
// tests can use a fake.
type Revoker interface {
	Revoke(ctx context.Context, sessionID string, opts ...clerksessions.Option) (*clerksessions.Session, error)
}

var _ Revoker = (*clerksessions.Client)(nil)

// signOut is the code under test. A session that does not exist is signed out.
func signOut(ctx context.Context, sessions Revoker, sessionID string) error {
	_, err := sessions.Revoke(ctx, sessionID)
	if errors.Is(err, clerksessions.ErrNotFound) {
		return nil
	}
	return err
}

// A failing client returns the same error from every call.
type failing struct{ err error }

func (f failing) Revoke(context.Context, string, ...clerksessions.Option) (*clerksessions.Session, error) {
	return nil, f.err
}

// A unit test needs no server: it makes the error that Clerk would cause. To test
// against responses instead, use the package sessionstest.
func Example_mocking() {
	for _, status := range []int{404, 503} {
		err := &clerksessions.Error{Op: "RevokeSession", StatusCode: status}
		fmt.Println("signOut:", signOut(context.Background(), failing{err}, "sess_1"))
	}
	// Output:
	// signOut: <nil>
	// signOut: clerksessions: RevokeSession: 503 Service Unavailable
}
