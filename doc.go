// Package clerksessions is a client for the /sessions endpoints of Clerk's Backend API:
// it lists, creates, reads, refreshes and revokes the sessions of an instance's users,
// and mints tokens for them.
//
// Create a [Client] with [New] or [NewFromEnv] and keep it. Its methods are safe for
// concurrent use. Zero-valued parameters are omitted, so Clerk's defaults apply.
//
//	client, err := clerksessions.New(os.Getenv("CLERK_SECRET_KEY"))
//	session, err := client.Get(ctx, "sess_...")
//
// # Listing and revoking
//
// [Client.All] ranges over every session that matches, even if the list changes
// meanwhile. [Client.RevokeAll] revokes them, for example after a password leak, within
// Clerk's rate limit. [Client.List] returns one page, of ten sessions unless Limit is
// set. The times of a [Session] are Unix milliseconds, of type [UnixMilli].
//
// # Tokens
//
// [Client.CreateToken] mints a session token, and [Client.CreateTokenFromTemplate] a
// token from a JWT template of the instance. Times inside a token are in seconds. A
// [Token] prints redacted; its value is the field JWT. To verify the token of a request,
// use the package [github.com/clerksessions/clerksessions/sessionjwt].
//
// # Errors
//
// Every non-2xx response is returned as an [*Error] with the status, Clerk's error codes
// and the trace id that Clerk's support asks for, whether or not its body is JSON:
//
//	errors.Is(err, clerksessions.ErrNotFound) // the category, by status
//
//	var apiErr *clerksessions.Error
//	if errors.As(err, &apiErr) && apiErr.HasCode("operation_deprecated") { ... }
//
// Parameters that violate the contract fail with [ErrInvalidArgument], and nothing is
// sent. Network and context errors are wrapped. No error, log line or formatted value of
// this package holds the secret key or a token.
//
// # Retries
//
// A call makes up to three attempts ([WithMaxAttempts]) when the network fails, an
// attempt exceeds 30 seconds ([WithTimeout]), or the status is 408, 425, 429,
// 500, 502, 503, 504 or one of Cloudflare's own, 520 to 527 and 530. Create and Refresh
// are not idempotent: they are retried only after a 429, when nothing was sent, or when
// an HTTP/2 server says that it did not process the request. Between attempts the client
// waits for Retry-After plus up to 10 %, or uses exponential backoff with full jitter: up
// to 0.5, 1, 2, 4, then 8 seconds. If Retry-After exceeds 30 seconds or the context's
// deadline, the error is returned immediately. Redirects are never followed.
//
// For tracing and metrics, see [OperationFromContext] and [AttemptFromContext].
//
// # Testing
//
// [github.com/clerksessions/clerksessions/sessionstest] is an in-memory fake of Clerk
// with state, real tokens and fault injection.
//
// # API versions
//
// Each operation is sent with the API version that the contract, openapi.yaml, follows
// (see [Operations]), regardless of the instance's default.
package clerksessions
