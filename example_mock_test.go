package clerksessions_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/clerksessions/clerksessions"
)

// Sessions is what this code needs of a client. The consumer declares it, so that its
// tests can use a fake.
type Sessions interface {
	Get(ctx context.Context, sessionID string, opts ...clerksessions.Option) (*clerksessions.Session, error)
	Revoke(ctx context.Context, sessionID string, opts ...clerksessions.Option) (*clerksessions.Session, error)
}

var _ Sessions = (*clerksessions.Client)(nil)

// signOut is the code under test. A session that does not exist is signed out.
func signOut(ctx context.Context, sessions Sessions, sessionID string) error {
	_, err := sessions.Revoke(ctx, sessionID)
	if errors.Is(err, clerksessions.ErrNotFound) {
		return nil
	}
	return err
}

// A fakeSessions fails every call with the same error.
type fakeSessions struct {
	Sessions
	err error
}

func (f fakeSessions) Revoke(context.Context, string, ...clerksessions.Option) (*clerksessions.Session, error) {
	return nil, f.err
}

// A unit test needs no server: it makes the error that Clerk would cause. To test
// against responses instead, use the package sessionstest.
func Example_mocking() {
	ctx := context.Background()
	for _, err := range []error{
		&clerksessions.Error{Op: "RevokeSession", StatusCode: 404},
		&clerksessions.Error{Op: "RevokeSession", StatusCode: 503},
		&clerksessions.Error{StatusCode: 404},
	} {
		fmt.Println(err)
		fmt.Println("signOut:", signOut(ctx, fakeSessions{err: err}, "sess_1"))
	}
	// Output:
	// clerksessions: RevokeSession: 404 Not Found
	// signOut: <nil>
	// clerksessions: RevokeSession: 503 Service Unavailable
	// signOut: clerksessions: RevokeSession: 503 Service Unavailable
	// clerksessions: 404 Not Found
	// signOut: <nil>
}
