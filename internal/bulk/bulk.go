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
	// Do makes one attempt at an item and returns its outcome. It is called in a
	// goroutine of its own, never twice at a time for one item, and should return
	// soon after ctx is done.
	Do func(ctx context.Context, item T) Outcome[T]

	// Group names what an item belongs to, for example a user: transient failures of
	// a single group are no sign that the server is down, and let others go first.
	// Default: each item is a group of its own.
	Group func(item T) string

	// Notify is told of pauses and retries, in the goroutine that ranges over the
	// results. Default: nobody is told.
	Notify func(Event[T])

	// Concurrency is the maximum number of calls in flight. Default: 1.
	Concurrency int

	// Pace is the rate of the calls, for runs that follow one another against the same
	// limit. Default: a new one for each run.
	Pace *Pace

	// MaxRounds is the number of consecutive rounds without a success after which the
	// items that failed transiently are given up. Each attempt at all of them is a
	// round. Default: 1, no retries. A rate-limited attempt does not count. Once a
	// thousand items have failed, those with three times as many attempts are given up.
	MaxRounds int

	// MaxFailing is the number of different groups that may fail transiently without
	// a success in between before the run is given up. Default: 50.
	MaxFailing int
}

// Outcome is what one attempt at an item came to.
type Outcome[T any] struct {
	// Err is nil if the item is done.
	Err error

	// Class says what an Err means for the item and for the run.
	Class Class

	// RetryAfter is how long the server asked to wait, zero if it did not say. It
	// counts for RateLimited and Transient only.
	RetryAfter time.Duration

	// Add lists items that follow from this one, with or without an Err. They are
	// done before most of what is left of the stream.
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

// Event is a pause, its end, or a coming retry.
type Event[T any] struct {
	Kind EventKind

	// Wait is the length of the pause, or the time until the retry. It is zero for a
	// retry that comes now.
	Wait time.Duration

	// Err is the reason, nil for Resume.
	Err error

	// Item is the item to retry, or the one that caused a pause.
	Item T
}

// EventKind is a kind of events.
type EventKind int

const (
	Pause  EventKind = iota // no call is started for a while; sent again if the pause grows
	Resume                  // calls are started again
	Retry                   // an item will be retried
)

// StoppedError is the error of an item that was not done because the run ended.
type StoppedError struct {
	// Cause is why the run ended: the context's error, a Fatal one, or that the run
	// was given up.
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

// ErrGaveUp is the cause of a [StoppedError] if the run was given up: nothing has
// succeeded for 10 minutes or for MaxFailing groups, or the server asked for a pause
// that is longer than 5 minutes or lasts beyond the deadline.
var ErrGaveUp = errors.New("gave up")

// Run returns the results: each item that was read or added, in the order of
// completion, with nil or its error. The error of an item that was not done because
// the run ended is a [*StoppedError].
//
// Nothing happens until the sequence is ranged over. Items are read in a goroutine of
// their own, and only as fast as they are done: at most Concurrency of them wait,
// beside those that Outcome.Add added. Breaking out of the loop cancels the calls in
// flight and ends the reading; when ctx ends or the run is given up, the rest of items
// is still read, to yield each with its error. Neither returns before Do and items
// have. A panic of items is passed on.
func (r *Runner[T]) Run(ctx context.Context, items iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		newRun(r, yield).do(ctx, items)
	}
}
