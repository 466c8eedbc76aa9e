package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/clerksessions/clerksessions"
)

const maxPause = 5 * time.Minute

// patiently makes a call, again as long as it is answered with 429, and not during a
// pause that a 429 to any of the calls asked for.
func (r *revoking) patiently(ctx context.Context, call func() error) error {
	for {
		r.sitOut(ctx)
		err := call()
		var limited *clerksessions.Error
		if ctx.Err() != nil || !errors.Is(err, clerksessions.ErrRateLimited) || !errors.As(err, &limited) {
			return err
		}
		r.pause(min(cmp.Or(limited.RetryAfter, rateWindow), maxPause))
	}
}

// sitOut waits until the pause is over, or the context.
func (r *revoking) sitOut(ctx context.Context) {
	for ctx.Err() == nil {
		r.mu.Lock()
		left := time.Until(r.until)
		r.mu.Unlock()
		if left <= 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(left):
		}
	}
}

// pause has all calls pause, and says so once.
func (r *revoking) pause(wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.After(r.until) {
		r.progress.aside(func() { r.note("Clerk's rate limit is used up: going on in %s.", wait.Round(time.Second)) })
	}
	if until := now.Add(wait); until.After(r.until) {
		r.until = until
	}
	r.progress.limited(wait)
}

// watched has the progress tell of the waits that the client takes by itself.
func (r *revoking) watched() clerksessions.Option {
	return clerksessions.WithLogger(slog.New(waits{r}))
}

// waits takes the client's records of coming repetitions.
type waits struct{ *revoking }

func (w waits) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (w waits) WithAttrs([]slog.Attr) slog.Handler               { return w }
func (w waits) WithGroup(string) slog.Handler                    { return w }

func (w waits) Handle(_ context.Context, record slog.Record) error {
	var status int64
	var wait time.Duration
	record.Attrs(func(attr slog.Attr) bool {
		switch attr.Key {
		case "status":
			status = attr.Value.Int64()
		case "wait":
			wait = attr.Value.Duration()
		}
		return true
	})
	if status == http.StatusTooManyRequests {
		w.progress.limited(wait)
	}
	return nil
}
