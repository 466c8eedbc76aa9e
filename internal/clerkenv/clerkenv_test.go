package clerkenv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/internal/clerkenv"
)

func TestBaseURL(t *testing.T) {
	for _, test := range []struct{ name, url, version, want string }{
		{name: "defaults", want: "https://api.clerk.com/v1"},
		{name: "URL", url: "http://127.0.0.1:8787", want: "http://127.0.0.1:8787/v1"},
		{name: "URL with slashes at its end", url: "http://127.0.0.1:8787//", want: "http://127.0.0.1:8787/v1"},
		{name: "version", version: "v2", want: "https://api.clerk.com/v2"},
		{name: "URL and version", url: "https://proxy.example/clerk", version: "v2", want: "https://proxy.example/clerk/v2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CLERK_API_URL", test.url)
			t.Setenv("CLERK_API_VERSION", test.version)
			got, err := clerkenv.BaseURL()
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestVersionMustBeOneSegment(t *testing.T) {
	for _, version := range []string{".", "..", "v1/../x", "v1?x", "v1#x", "%2e%2e", "a\nb", "v 1", `v\1`, "vé", "2026-05-12"} {
		t.Run(version, func(t *testing.T) {
			t.Setenv("CLERK_API_VERSION", version)
			_, err := clerkenv.BaseURL()
			assert.ErrorContains(t, err, "CLERK_API_VERSION")
		})
	}
}
