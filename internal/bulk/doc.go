// Package bulk makes many calls against one rate limit.
//
// A [Runner] takes a stream of items, calls a function for each, concurrently, and
// yields the result of each item once. It retries transient failures, pauses all calls
// when the server reports that the limit is reached, and adapts its rate to the limit.
package bulk
