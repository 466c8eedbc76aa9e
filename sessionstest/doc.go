// Package sessionstest is an in-memory Clerk for tests: the /sessions endpoints of the
// Backend API, stateful, with real tokens, a clock moved by hand and faults on request.
// It speaks Clerk's wire format, so that clients in other languages work against it as
// well.
//
// A test starts with one line:
//
//	srv := sessionstest.NewServer(t)
//	client := srv.Client()
//
// [NewServer] listens on loopback until the test ends. [New] needs no socket: its
// [Server.Client] calls it in memory, also inside a testing/synctest bubble, and
// programs serve it as an [net/http.Handler].
//
// # State
//
// Nothing needs a seed: every well-formed user_ id is a user and every well-formed
// org_ id an organization, unless [WithStrictUsers] is given. Create sessions through
// the client, or add ones that requests cannot make, such as pending, impersonated or
// long ended ones, with [Server.AddSession]. Read them back with [Server.Session] and
// [Server.Sessions]. A program seeds from a file with [ReadSeed] and [Server.Seed].
//
// A method used wrongly, say with a template that does not exist, fails the test with a
// sentence on what to do. A [Server] made by [New] has no test to fail and panics with
// the same sentence instead, but [Server.Seed] always returns an error.
//
// # Time
//
// The clock is the wall clock. [Server.Advance] moves it, [WithStart] stops it at a
// moment of your choice so that only Advance does. Sessions are expired from expire_at
// on (7 days after creation) and abandoned from abandon_at on (30 days).
//
// # Tokens
//
// Tokens are signed with RS256 by the instance's own key, which is served at
// /v1/jwks and, without authentication, at /.well-known/jwks.json of the same origin.
// To verify them with the package sessionjwt give it [Server.Issuer], [Server.Now] as
// the clock, and keys from [Server.PublicKeyPEM] or fetched through
// [Server.Transport], which knows the issuer's address. [Server.Mint] makes odd and
// forged tokens, [Server.RotateKey] takes a new key.
//
// # Faults
//
// [Server.Fail] makes the next requests of an operation go wrong in the ways a
// [Fault] lists, and [Server.FailFunc] decides for each request. [WithRateLimit] and
// [Server.SetMaintenance] are Clerk's own ways to refuse.
//
// # Requests
//
// [Server.Requests] lists what came in, without secrets; [WithObserver] sees it as it
// comes.
//
// # How true it is
//
// Statuses, codes and numbers are Clerk's as its documents, its SDKs and recordings of
// its replies show them; the texts of errors are our own. Where nobody outside Clerk
// knows, the comment on the code says "inferred". The README beside this file lists
// what is emulated fully, partly and not.
package sessionstest
