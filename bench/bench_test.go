package bench

import (
	"flag"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// The first client pays for a cold processor and a small heap, so the order of the
// clients rotates from round to round.
var first = flag.Int("first", 0, "index of the client that is measured first")

func rotate[T any](all []T) []T {
	n := *first % len(all)
	return slices.Concat(all[n:], all[:n])
}

func BenchmarkCall(b *testing.B) { overEach(b, WorkOver, sequential) }

// BenchmarkParallel calls from many goroutines concurrently.
func BenchmarkParallel(b *testing.B) {
	overEach(b, func(string) []string { return []string{"Get"} }, concurrent)
}

func BenchmarkToken(b *testing.B) {
	verifiers, err := Verifiers()
	if err != nil {
		b.Fatal(err)
	}
	for _, work := range TokenWork {
		for _, client := range rotate(TokenClients) {
			measure(b, "work="+work+"/client="+client, verifiers[client][work], sequential)
		}
	}
}

// overEach measures every client at the work of every transport.
func overEach(b *testing.B, work func(transport string) []string, run runner) {
	for _, transport := range Transports {
		server := transport.Start()
		b.Cleanup(server.Close)
		for _, work := range work(transport.Name) {
			for _, client := range rotate(Clients) {
				calls, err := client.New(server.URL, server.Transport)
				if err != nil {
					b.Fatal(err)
				}
				measure(b, "transport="+transport.Name+"/work="+work+"/client="+client.Name, calls[work], run)
			}
		}
	}
}

type runner = func(*testing.B, call)

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

// reportCPU reports the processor time used since before.
func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

func sequential(b *testing.B, call call) {
	before := cpuTime()
	for b.Loop() {
		if _, err := call(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	reportCPU(b, before)
}

func concurrent(b *testing.B, call call) {
	var connect sync.WaitGroup // before the time is measured
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
