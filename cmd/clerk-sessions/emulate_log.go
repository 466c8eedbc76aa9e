package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/clerksessions/clerksessions/sessionstest"
)

// logQueue is the number of requests that may wait to be logged.
const logQueue = 1024

// emulatorLog logs requests without delaying them. Requests that do not fit into the
// queue are counted, not logged.
type emulatorLog struct {
	queue   chan sessionstest.Request
	dropped atomic.Int64
	stop    chan struct{}
	stopped chan struct{}
}

// newEmulatorLog starts a log that calls write for each request, with the number of
// requests dropped before it. The log ends at the first error of write.
func newEmulatorLog(write func(r sessionstest.Request, dropped int64) error) *emulatorLog {
	l := &emulatorLog{
		queue: make(chan sessionstest.Request, logQueue),
		stop:  make(chan struct{}), stopped: make(chan struct{}),
	}
	go func() {
		defer close(l.stopped)
		for {
			select {
			case r := <-l.queue:
				if write(r, l.dropped.Swap(0)) != nil {
					return
				}
			case <-l.stop:
				if len(l.queue) == 0 {
					return
				}
			}
		}
	}()
	return l
}

// add queues a request, or counts it as dropped.
func (l *emulatorLog) add(r sessionstest.Request) {
	select {
	case l.queue <- r:
	default:
		l.dropped.Add(1)
	}
}

// close writes the requests still in the queue, for at most a second, and returns the
// number of requests that were not logged.
func (l *emulatorLog) close() int64 {
	close(l.stop)
	select {
	case <-l.stopped:
	case <-time.After(time.Second):
	}
	return l.dropped.Load() + int64(len(l.queue))
}

// logRequest writes one request to stdout, after the number of those dropped before it.
func (a *app) logRequest(r sessionstest.Request, dropped int64) error {
	if a.asJSON {
		if dropped > 0 {
			_ = a.printJSON(map[string]any{"dropped": dropped})
		}
		return a.printJSON(map[string]any{
			"time": r.Time.UTC(), "method": r.Method, "path": r.Path, "query": r.Query.Encode(),
			"operation": r.Operation, "status": r.Status, "code": r.Code, "trace_id": r.TraceID})
	}
	if dropped > 0 {
		fmt.Fprintf(a.out, "%d requests are missing here: the log was read too slowly\n", dropped)
	}
	line := fmt.Sprintf("%s %d %s %s", r.Time.Local().Format(time.TimeOnly), r.Status, r.Method, r.Path)
	if len(r.Query) > 0 {
		line += "?" + r.Query.Encode()
	}
	if r.Code != "" {
		line += " " + r.Code
	}
	_, err := fmt.Fprintln(a.out, clean(line))
	return err
}
