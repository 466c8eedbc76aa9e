// Otel traces calls with OpenTelemetry: one span for the call, named by the operation,
// and one for each attempt, named by method and path template. No span holds an id of a
// session or a user, a token or the secret key.
//
// It runs against the emulator of the package sessionstest and prints the spans.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func main() {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{os.Stdout}))
	err := run(context.Background(), provider, sessionstest.New())
	_ = provider.Shutdown(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "otel:", err)
		os.Exit(1)
	}
}

// run creates a session, gets it, which takes a retry, and revokes it.
func run(ctx context.Context, provider trace.TracerProvider, srv *sessionstest.Server) error {
	transport := traceAttempts(provider, srv.Transport())
	client := srv.Client(clerksessions.WithHTTPClient(&http.Client{Transport: transport}))
	srv.Fail("GetSession", 1, sessionstest.Fault{Status: http.StatusServiceUnavailable, RetryAfter: "0.01"})

	session, err := traceCall(ctx, provider, "CreateSession",
		func(ctx context.Context) (*clerksessions.Session, error) {
			return client.Create(ctx, clerksessions.CreateParams{UserID: "user_otel"})
		})
	if err != nil {
		return err
	}
	session, err = traceCall(ctx, provider, "GetSession", func(ctx context.Context) (*clerksessions.Session, error) {
		return client.Get(ctx, session.ID)
	})
	if err != nil {
		return err
	}
	_, err = traceCall(ctx, provider, "RevokeSession", func(ctx context.Context) (*clerksessions.Session, error) {
		return client.Revoke(ctx, session.ID)
	})
	return err
}

// printer prints each span on a line as it ends, so that attempts come before their
// call.
type printer struct{ out io.Writer }

func (p printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, span := range spans {
		if span.Parent().IsValid() {
			fmt.Fprint(p.out, "  ")
		}
		fmt.Fprint(p.out, span.Name())
		for _, attr := range span.Attributes() {
			fmt.Fprintf(p.out, " %s=%s", attr.Key, attr.Value.String())
		}
		fmt.Fprintln(p.out)
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }
