// Package sessionjwt verifies Clerk session tokens without a network call.
//
// A session token is the short-lived JWT (60 s by default) that a signed-in
// browser or app sends with each request. Clerk removed the endpoint that used
// to verify it from its newer API versions; checking the signature locally is
// what replaces it. Build one [Verifier] per Clerk instance and keep it:
//
//	keys, err := sessionjwt.KeysFromIssuer("https://clerk.example.com")
//	...
//	verifier, err := sessionjwt.New(keys, "https://clerk.example.com",
//		sessionjwt.WithAuthorizedParties("https://app.example.com"))
//	...
//	http.Handle("/account", verifier.RequireSession(account))
//
// Revoking a session does not end the tokens it has already been given: they
// stay valid until they expire. Where that minute matters, ask the API for the
// session as well.
//
// # What is checked
//
// [Verifier.Verify] is strict where Clerk's tokens allow it. The signature must
// be RS256, whatever the token says, and is checked before any claim is looked
// at. "exp", "iat", "iss", "sub" and "sid" are required, no member may come
// twice, and the token may be 8 KiB long at most. The issuer is compared byte
// for byte. "azp" must be one of the authorized parties if there are any; a
// token without "azp" is then refused unless [WithMissingAuthorizedParty] is
// given. A token made from a JWT template or for a machine is no session token,
// though the same key signs it. A session that is "pending" counts as signed
// out unless [WithPending] is given. Clocks may differ by 5 s ([WithLeeway]).
//
// A header that brings a key along (jwk, jku, x5c, x5u) or asks for an
// extension (crit, b64, enc, zip) is refused, not ignored. Other unknown headers
// are ignored, since Clerk adds some for itself.
//
// # Keys
//
// [KeysFromPEM] takes the public key from the Dashboard and never touches the
// network; somebody has to replace it when the instance's key is rotated.
// [KeysFromIssuer] fetches the keys the instance publishes, and
// [KeysFromBackendAPI] the same keys with the secret key.
//
// Fetched keys belong to their [KeySource] alone: no two sources share any, so
// one instance's keys never verify another's tokens. The rules are fixed:
//
//   - A set is used for 5 minutes from the moment it was asked for, however
//     often it is used. The next Verify after that waits for a new one.
//   - One fetch is under way at a time and takes 5 s at most. Everybody who
//     needs it waits for the same one, each only as long as its own context
//     lasts.
//   - A token with an unknown key id, or with a signature that does not fit its
//     key (Clerk can rotate a key and keep its id), causes a fetch at most once
//     in 10 s, whatever is sent.
//   - After a failed fetch there is none for 10 s. A set already held is used
//     until it is 1 hour old, as long as attempts to get another fail. Verify
//     does not wait for an attempt if one failed within the last 15 s, so with
//     sparse traffic it may wait once. If the deadline of its context comes
//     first, the set is used as well. Without a set, or if the context is
//     cancelled meanwhile, it returns [ErrKeysUnavailable].
//   - Redirects are refused, and so are answers over 256 KiB or 64 keys. Of the
//     rest, RSA keys of at least 2048 bits are used whose "use" is absent or
//     "sig" and whose "alg" is absent or RS256.
//
// Only RSA keys of 2048 bits or more are accepted from PEM text, too.
//
// # Claims
//
// [Claims] reads version 1 and version 2 tokens into the same form: roles are
// "org:admin", permissions "org:dashboard:read". Custom claims go into a type
// of your own with [Claims.Decode]. What is absent is distinguishable from what
// is zero: see [Claims.FactorAges], whose methods report no recent verification
// when the token does not mention any.
//
// # Errors
//
// Every failure is of one category, found with [errors.Is]: [ErrMalformed],
// [ErrSignature], [ErrIssuer], [ErrNotSessionToken], [ErrAuthorizedParty],
// [ErrExpired], [ErrNotYetValid] and [ErrPending] are the token's fault and a
// 401. [ErrKeysUnavailable] says nothing about the token and is a 503.
// [ErrInvalidArgument] comes from constructors only. No error holds the token.
//
// # Middleware
//
// [Verifier.RequireSession] and [Verifier.OptionalSession] are middleware for
// net/http and every router that takes func(http.Handler) http.Handler. The
// token comes from "Authorization: Bearer", in capitals or not, or else from
// the cookie "__session". Other schemes are ignored, and so are the suffixed
// cookies that Clerk sets beside that one. Handlers call [ClaimsFromContext].
// With cookies, give [WithAuthorizedParties]: browsers send cookies along
// with requests that other sites of the same domain make.
//
// The default answer to a failure is 401 or 503 and one of the bodies
//
//	{"error":"token_missing"}
//	{"error":"token_expired"}
//	{"error":"token_invalid"}
//	{"error":"session_pending"}
//	{"error":"keys_unavailable"}
//
// which [WithFailureHandler] replaces.
//
// # Caching
//
// [WithCache] remembers verified tokens, so that the second request with the
// same token costs a hash instead of a signature check. What it trades: the
// claims of up to n tokens stay in memory, though never a token itself, which
// is known by its SHA-256. Nothing becomes valid for longer: at each use the
// times are checked again, and the key must still be in the current key set, so
// an entry ends with the token or with its key, whichever is first. Only good
// tokens are remembered, the oldest giving way to the newest, so that a flood
// of forged ones does not push them out.
//
// # Testing
//
// Package sessionstest emulates a Clerk instance with keys and a clock of its
// own: mint tokens with it, good and forged, give its clock to [WithClock], and
// let time pass. The example "Testing" is a whole test of a handler. A handler
// that only reads claims needs no token: see [ContextWithClaims].
package sessionjwt
