// Package sessionjwt verifies Clerk session tokens locally. It calls Clerk only to
// fetch public keys, which it caches.
//
// A session token is the short-lived JWT (60 s by default) that a signed-in
// browser or app sends with each request. Create one [Verifier] per Clerk
// instance and reuse it:
//
//	issuer, err := sessionjwt.IssuerFromPublishableKey(os.Getenv("CLERK_PUBLISHABLE_KEY"))
//	...
//	keys, err := sessionjwt.KeysFromIssuer(issuer)
//	...
//	verifier, err := sessionjwt.New(keys, issuer,
//		sessionjwt.WithAuthorizedParties("https://app.example.com"))
//	...
//	mux.Handle("/account", verifier.RequireSession(account))
//	...
//	http.ListenAndServe(addr, http.NewCrossOriginProtection().Handler(mux))
//
// Revoking a session does not revoke its tokens: they stay valid until they
// expire. If that minute matters, also get the session from the API.
//
// # Checks
//
// [Verifier.Verify] is strict:
//
//   - The signature must be RS256, regardless of the token's alg header. It is
//     verified before any claim is used.
//   - "exp", "iat", "iss", "sub" and "sid" are required. Duplicate names are an
//     error. A token may be at most 8 KiB long.
//   - "iss" must equal the issuer, byte for byte.
//   - With [WithAuthorizedParties], "azp" must be one of the parties. A token
//     without "azp" is rejected unless [WithMissingAuthorizedParty] is used.
//   - A token made from a JWT template or for a machine is not a session token,
//     although the same key signs it.
//   - A session that is "pending" counts as signed out unless [WithPending] is
//     used.
//   - Clocks may differ by 5 s ([WithLeeway]).
//   - A token whose header carries a key (jwk, jku, x5c, x5u) or an extension (crit,
//     b64, enc, zip) is rejected. Other unknown members of the header are ignored,
//     since Clerk adds some of its own.
//
// # Keys
//
// [KeysFromPEM] takes the public key from the Dashboard and never uses the
// network; replace it when the instance's key is rotated. [KeysFromIssuer]
// fetches the keys that the instance publishes, and [KeysFromBackendAPI] fetches
// the same keys with the secret key.
//
// Fetched keys belong to their [KeySource]. Two sources share no keys, so a key of
// one instance never verifies a token of another. These rules cannot be changed:
//
//   - A key set expires 5 minutes after it was requested, no matter how often it is
//     used. The next Verify waits for a new one.
//   - At most one fetch is in flight, for at most 5 s. All callers that need it
//     wait for it, each no longer than its own context allows.
//   - Tokens whose key id is unknown, or whose signature does not match their key
//     (Clerk can rotate a key and keep its id), cause at most one fetch in 10 s.
//   - After a failed fetch there is none for 10 s. While fetches fail, an expired
//     set is used until it is 1 hour old. Verify then does not wait if a fetch
//     failed within the last 15 s, so with sparse traffic it may wait once. The
//     expired set is also used if the deadline of Verify's context passes first.
//   - The error is [ErrKeysUnavailable] if there is no usable set, if the context
//     is canceled while waiting for one, or if no known key matches a token while
//     the current keys cannot be fetched: it may be signed with a new key.
//   - Redirects are refused, and so are responses that exceed 256 KiB or 64 keys.
//     Only RSA keys of 2048 to 8192 bits are used, with a "use" that is missing or
//     "sig" and an "alg" that is missing or RS256.
//
// # Claims
//
// [Claims] has the same form for version 1 and version 2 tokens: roles are
// "org:admin", permissions "org:dashboard:read". [Claims.Decode] decodes custom
// claims. A missing [Claims.FactorAges] reports no verification, so a check for
// recent verification fails closed.
//
// # Errors
//
// Every error is of one category, found with [errors.Is]. [ErrNoToken],
// [ErrMalformed], [ErrSignature], [ErrIssuer], [ErrNotSessionToken],
// [ErrAuthorizedParty], [ErrExpired], [ErrNotYetValid] and [ErrPending] mean that
// the token is missing or rejected: respond with 401. [ErrKeysUnavailable] says
// nothing about the token: respond with 503. [ErrInvalidArgument] comes only from
// constructors and [IssuerFromPublishableKey]. No error contains the token.
//
// # Middleware
//
// [Verifier.RequireSession] and [Verifier.OptionalSession] are middleware for
// net/http and for every router that takes func(http.Handler) http.Handler. The
// token comes from the header "Authorization: Bearer" (the scheme is not
// case-sensitive), or else from the cookie "__session". Other schemes are ignored,
// and so are Clerk's suffixed cookies. Handlers call [ClaimsFromContext].
//
// A rejected request gets the status 401 or 503 and one of these bodies, unless
// [WithFailureHandler] is used:
//
//	{"error":"token_missing"}
//	{"error":"token_expired"}
//	{"error":"token_invalid"}
//	{"error":"session_pending"}
//	{"error":"keys_unavailable"}
//
// # Cookies
//
// Browsers send the cookie "__session" with every request to your host, including
// requests made by pages of other subdomains: SameSite treats all subdomains of a
// domain as one site. Such a request passes every check of this package,
// [WithAuthorizedParties] included, since the token is the user's own: "azp" says
// where the token was created, not which page sends the request. If tokens arrive
// in cookies, put [http.CrossOriginProtection] (Go 1.25) in front of the handlers,
// as above. It responds with 403 to a cross-origin request of a browser unless the
// method is GET, HEAD or OPTIONS; those must have no side effects.
//
// # Caching
//
// [WithCache] caches verified tokens, so that a repeated token costs a hash
// instead of a signature check. The claims of up to n tokens stay in memory, but
// not the tokens: an entry is found by the token's SHA-256 hash. Caching does not
// extend a token's validity, since each use checks the times and that the key is
// still in the current set. Only valid tokens are cached, so forged tokens cannot
// evict them.
//
// # Testing
//
// Package sessionstest emulates a Clerk instance with its own keys and clock. It
// creates valid and forged tokens; pass its clock to [WithClock] to let them
// expire. The example "Testing" is a complete test of a handler. A handler that
// only reads claims needs no token: see [ContextWithClaims].
package sessionjwt
