// Package bulk makes many calls against one rate limit.
//
// A [Runner] takes a stream of items, calls a function for each, several at a time,
// and yields the result of each item once. It retries transient failures, pauses all
// calls when the server says that the limit is reached, and finds a rate that fits.
package bulk
