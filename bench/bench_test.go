package bench

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// Who comes first pays for a cold processor and a heap yet to grow, so the order of
// the clients turns from round to round.
var first = flag.Int("first", 0, "which client is measured first")

func inOrder() []Client {
	n := *first % len(Clients)
	return slices.Concat(Clients[n:], Clients[:n])
}

func BenchmarkCall(b *testing.B) { overEach(b, Work, inTurn) }

// BenchmarkParallel calls from many goroutines at once.
func BenchmarkParallel(b *testing.B) { overEach(b, []string{"Get"}, atOnce) }

func BenchmarkToken(b *testing.B) {
	verifiers, err := Verifiers()
	if err != nil {
		b.Fatal(err)
	}
	for _, work := range TokenWork {
		for _, client := range inOrder() {
			measure(b, "work="+work+"/client="+client.Name, verifiers[client.Name][work], inTurn)
		}
	}
}

// overEach measures every client at every work over every transport, the clients
// side by side.
func overEach(b *testing.B, work []string, run runner) {
	for _, transport := range Transports {
		server := transport.Start()
		b.Cleanup(server.Close)
		for _, work := range work {
			for _, client := range inOrder() {
				calls, err := client.New(server.URL, server.Transport)
				if err != nil {
					b.Fatal(err)
				}
				measure(b, "transport="+transport.Name+"/work="+work+"/client="+client.Name, calls[work], run)
			}
		}
	}
}

type (
	call   = func(context.Context) (Result, error)
	runner = func(*testing.B, call)
)

// measure runs a benchmark unless the client has no such call.
func measure(b *testing.B, name string, call call, run runner) {
	if call == nil {
		return
	}
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		if _, err := call(b.Context()); err != nil { // connects and fills caches
			b.Fatal(err)
		}
		run(b, call)
	})
}

// reportCPU reports what was used since before, beside the clock's ns/op.
func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

func inTurn(b *testing.B, call call) {
	before := cpuTime()
	for b.Loop() {
		if _, err := call(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	reportCPU(b, before)
}

func atOnce(b *testing.B, call call) {
	var connect sync.WaitGroup // so that nobody pays for the handshakes of the others
	for range Goroutines {
		connect.Go(func() {
			for range 10 {
				_, _ = call(b.Context())
			}
		})
	}
	connect.Wait()

	procs := runtime.GOMAXPROCS(0)
	b.SetParallelism((Goroutines + procs - 1) / procs)
	b.ResetTimer()
	before := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := call(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	reportCPU(b, before)
}
