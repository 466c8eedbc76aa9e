package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Runner calls Do for each item. Its fields must not change during a run; a Runner
// may be used for any number of runs.
type Runner[T any] struct {
	// Do makes one attempt at an item and returns its outcome. Each call runs in its own
	// goroutine; calls for the same item never overlap. Do should return soon after ctx
	// is done.
	Do func(ctx context.Context, item T) Outcome[T]

	// Group returns the group of an item, for example its owner. Transient failures
	// within a single group do not suggest that the server is down, and let other groups
	// go first. Default: each item is a group of its own.
	Group func(item T) string

	// Notify is called for each pause and retry, in the goroutine that ranges over the
	// results. Default: no notifications.
	Notify func(Event[T])

	// Concurrency is the maximum number of calls in flight. Default: 1.
	Concurrency int

	// Pace is the rate of the calls. Consecutive runs against the same limit may share
	// one. Default: a new one for each run.
	Pace *Pace

	// MaxRounds is the number of consecutive rounds without a success after which the
	// items that failed transiently are given up. A round is one attempt at each of
	// them; rate-limited attempts do not count. Default: 1, no retries. While 1000 items
	// wait for a retry, those that failed three times as often are given up as well.
	MaxRounds int

	// MaxFailing is the number of distinct groups with a transient failure since the
	// last success at which the run is given up. Default: 50.
	MaxFailing int
}

// Outcome is the result of one attempt at an item.
type Outcome[T any] struct {
	// Err is nil if the item is done.
	Err error

	// Class classifies Err; it decides what happens to the item and the run.
	Class Class

	// RetryAfter is how long the server asked to wait, zero if it did not say. It is
	// used for RateLimited and Transient only.
	RetryAfter time.Duration

	// Add lists further items to process, whether or not Err is nil. They are queued
	// before the items that have not been read yet.
	Add []T
}

// Class is a class of failures.
type Class int

const (
	Final       Class = iota // the item failed; a retry will not help
	Transient                // a retry may succeed
	RateLimited              // the server refused the call until its limit allows more
	Fatal                    // every other item would fail as well
)

// Event reports a pause, its end, or an upcoming retry.
type Event[T any] struct {
	Kind EventKind

	// Wait is the length of the pause, or the time until the retry. It is zero for an
	// immediate retry.
	Wait time.Duration

	// Err is the error that caused the pause or the retry; nil for Resume.
	Err error

	// Item is the item to retry, or the one that caused a pause.
	Item T
}

// EventKind is the kind of an event.
type EventKind int

const (
	Pause  EventKind = iota // no call is started for a while; sent again if the pause is extended
	Resume                  // calls are started again
	Retry                   // an item will be retried
)

// StoppedError is the error of an item that was not completed because the run ended.
type StoppedError struct {
	// Cause is why the run ended: the context's error, a Fatal error, or one that wraps
	// ErrGaveUp.
	Cause error

	// Last is the error of the last attempt at the item, nil if there was none.
	Last error
}

// Error returns the cause, and the last error if there is one.
func (e *StoppedError) Error() string {
	if e.Last == nil {
		return fmt.Sprintf("not attempted: %v", e.Cause)
	}
	return fmt.Sprintf("not retried: %v; last error: %v", e.Cause, e.Last)
}

// Unwrap returns Cause and Last.
func (e *StoppedError) Unwrap() []error {
	if e.Last == nil {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Last}
}

// ErrGaveUp is the cause of a [StoppedError] if the run was given up: nothing succeeded
// for 10 minutes, MaxFailing groups failed without a success, or the server asked for a
// pause longer than 5 minutes or beyond the deadline.
var ErrGaveUp = errors.New("gave up")

// Run returns the results: each item that was read or added, in the order of
// completion, with nil or its error. The error of an item that was not completed
// because the run ended is a [*StoppedError].
//
// Nothing happens until the sequence is ranged over. Items are read in a separate
// goroutine, and only as needed: at most Concurrency of them are queued, not counting
// those from Outcome.Add. Breaking out of the loop cancels the calls in flight and
// stops reading. When ctx ends or the run is given up, the remaining items are still
// read and yielded, each with its error. In every case the sequence returns only after
// all calls of Do, and items, have returned. If items panics, the sequence
// panics at its end.
func (r *Runner[T]) Run(ctx context.Context, items iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		newRun(r, yield).do(ctx, items)
	}
}
