// Package sessionstest is an in-memory fake of Clerk for tests: the /sessions endpoints
// of the Backend API and the users that own sessions, with state, real tokens, a clock
// moved by hand, and fault injection. It speaks Clerk's wire format, so clients in other
// languages work against it.
//
// A test starts with one line:
//
//	srv := sessionstest.NewServer(t)
//	client := srv.Client()
//
// [NewServer] listens on loopback until the test ends. [New] opens no socket:
// [Server.Client] then calls the Server in memory, also inside a testing/synctest
// bubble, and a program can serve it with [Server.HTTPServer].
//
// # State
//
// No seed is required: every well-formed user_ id is a user and every well-formed org_
// id an organization, unless [WithStrictUsers] is given. Create sessions through the
// client. Add sessions that requests cannot create, such as pending or impersonated
// ones, with [Server.AddSession]. Read them with [Server.Session] and [Server.Sessions].
// A program reads a seed file with [ReadSeed] and adds its content with [Server.Seed].
//
// Misuse of a method, for example with a template that does not exist, fails the test
// with a message that says what to do. A [Server] made by [New] has no test and panics
// with that message. [Server.Seed] always returns an error.
//
// # Time
//
// The clock is the wall clock, which [Server.Advance] moves forward. With [WithStart] it
// stands still, and only Advance moves it. A session expires at expire_at, by default 7
// days after its creation, and is abandoned at abandon_at, by default after 30 days.
//
// # Tokens
//
// Tokens are signed with RS256 by the instance's own key, which is served at /v1/jwks
// and, without authentication, at /.well-known/jwks.json of the same origin. To verify
// them with package sessionjwt, use [Server.Issuer], [Server.Now] as the clock, and keys
// from [Server.PublicKeyPEM] or fetched through [Server.Transport], which reaches the
// issuer. [Server.Mint] returns tokens that Clerk would not issue, such as expired or
// forged ones; [Server.RotateKey] replaces the key.
//
// # Faults
//
// [Server.Fail] injects a [Fault] into the next requests of an operation, and
// [Server.FailFunc] decides for each request. With [WithRateLimit] and
// [Server.SetMaintenance] the Server refuses requests as Clerk does.
//
// # Requests
//
// [Server.Requests] returns the recorded requests, with secrets redacted. The function
// given to [WithObserver] is called with each of them.
//
// # Other languages
//
// The command clerk-sessions emulate serves a Server with [WithControl], the control
// API through which tests in other languages do all of this. The README beside this
// file has fixtures for Jest and pytest.
//
// # Fidelity
//
// Statuses, codes and numbers are those of Clerk's documents, SDKs and recorded
// responses; the texts of errors are our own. Behavior that is not publicly known is
// marked "inferred" in the code. The README lists what is emulated fully, partly or not
// at all.
package sessionstest
