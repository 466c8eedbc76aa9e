package clerksessions_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
)

// TestWireStaleConnections keeps several connections that the server closes as soon as
// it reads another request. net/http alone would replay a GET on each of them.
func TestWireStaleConnections(t *testing.T) {
	t.Parallel()
	const idle = 5
	for _, p := range protocols[:2] {
		for _, r := range distinctRows() {
			t.Run(p.name+"/"+r.title(), func(t *testing.T) {
				t.Parallel()
				response := example(t, r.op, r.example)
				var opened sync.WaitGroup
				var armed atomic.Bool
				respond := func(string) []byte {
					if !armed.Load() { // hold the response, so that the next request opens a connection
						opened.Done()
						opened.Wait()
					}
					return response
				}
				closes := ending{"FIN after the headers", onHeaders, (*wireConn).closed}
				server := newWireServer(t, p, respond, func(at stage, _ string) *ending {
					if at == onHeaders && armed.Load() {
						return &closes
					}
					return nil
				})
				hc := server.client()
				opened.Add(idle)
				var warm sync.WaitGroup
				for range idle {
					warm.Go(func() { server.warmUp(t, hc) })
				}
				warm.Wait()
				server.forget()
				armed.Store(true)

				var meta clerksessions.Meta
				_, err := r.call(t.Context(), newClient(t, server.url, clerksessions.WithHTTPClient(hc)),
					clerksessions.WithMeta(&meta), clerksessions.WithMaxAttempts(1))

				server.close(hc)
				assert.Error(t, err)
				assert.Equal(t, 1, meta.Attempts)
				most := 1
				if r.method() == "GET" {
					most = 2
				}
				assert.LessOrEqual(t, server.requests, most, server)
			})
		}
	}
}
