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
// [NewServer] listens on loopback until the test ends. [New] needs no socket: its
// [Server.Client] calls it in memory, also inside a testing/synctest bubble, and
// programs serve it with [Server.HTTPServer].
//
// # State
//
// No seed is required: every well-formed user_ id is a user and every well-formed org_
// id an organization, unless [WithStrictUsers] is given. Create sessions through the
// client, or add sessions that requests cannot create, such as pending, impersonated or
// long ended ones, with [Server.AddSession]. Read them with [Server.Session] and
// [Server.Sessions]. A program seeds from a file with [ReadSeed] and [Server.Seed].
//
// Misuse of a method, for example with a template that does not exist, fails the test
// with a message that says what to do. A [Server] made by [New] has no test and panics
// with that message, except that [Server.Seed] always returns an error.
//
// # Time
//
// The clock is the wall clock. [Server.Advance] moves it; [WithStart] stops it, so that
// only Advance moves it. Sessions are expired from expire_at on (7 days after creation)
// and abandoned from abandon_at on (30 days).
//
// # Tokens
//
// Tokens are signed with RS256 by the instance's own key, which is served at /v1/jwks
// and, without authentication, at /.well-known/jwks.json of the same origin. To verify
// them with package sessionjwt, use [Server.Issuer], [Server.Now] as the clock, and keys
// from [Server.PublicKeyPEM] or fetched through [Server.Transport], which reaches the
// issuer. [Server.Mint] returns odd and forged tokens; [Server.RotateKey] replaces the
// key.
//
// # Faults
//
// [Server.Fail] injects a [Fault] into the next requests of an operation, and
// [Server.FailFunc] decides for each request. [WithRateLimit] and
// [Server.SetMaintenance] are Clerk's own refusals.
//
// # Requests
//
// [Server.Requests] lists the requests, without secrets. [WithObserver] is called with
// each one.
//
// # Other languages
//
// The command clerk-sessions emulate serves a Server with [WithControl], the control
// API through which tests in other languages do all of this. The README beside this
// file has fixtures for Jest and pytest.
//
// # Fidelity
//
// Statuses, codes and numbers are Clerk's, as its documents, its SDKs and recordings of
// its responses show them; the texts of errors are our own. What nobody outside of Clerk
// knows is marked "inferred" in the code. The README lists what is emulated fully,
// partly and not.
package sessionstest
