package clerksessions

// What the external tests reach into.
var RetryAfter = retryAfter
