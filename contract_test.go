package clerksessions_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/contracttest"
)

// pathPrefix is the path prefix of the test servers, like that of a proxy.
const pathPrefix = "/some/proxy/v1"

// contract is openapi.yaml, with its server below a path.
var contract = sync.OnceValue(func() *contracttest.Contract { return contracttest.MustLoad("openapi.yaml", pathPrefix) })

// operations returns the operations of the contract by their id.
func operations() map[string]*openapi3.Operation {
	ops := make(map[string]*openapi3.Operation)
	for _, item := range contract().Doc.Paths.Map() {
		for _, op := range item.Operations() {
			ops[op.OperationID] = op
		}
	}
	return ops
}

// example returns the named example, or the first, of a successful response.
func example(t *testing.T, op, name string) []byte {
	t.Helper()
	examples := operations()[op].Responses.Value("200").Value.Content["application/json"].Examples
	if name == "" {
		name = slices.Sorted(maps.Keys(examples))[0]
	}
	require.Contains(t, examples, name)
	body, err := json.Marshal(examples[name].Value.Value)
	require.NoError(t, err)
	return body
}

// contractServer serves on loopback, below a path, and fails the test for every
// request and response that the contract does not allow.
func contractServer(t *testing.T, respond http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		r.Body = io.NopCloser(bytes.NewReader(body))
		exchange, err := contract().Find(r, body)
		if !assert.NoError(t, err, "%s %s is not in the contract", r.Method, r.URL) {
			return
		}
		assert.NoError(t, exchange.Request())

		rec := httptest.NewRecorder()
		respond(rec, r)
		if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
			assert.NoError(t, exchange.Response(rec.Code, rec.Header(), rec.Body.Bytes()))
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(srv.Close)
	return srv.URL + pathPrefix
}

// The test servers respond with the examples. The loader validates them.
func TestEveryOperationHasTextsAndExamples(t *testing.T) {
	t.Parallel()
	for id, op := range operations() {
		assert.NotEmpty(t, op.Summary, id)
		assert.NotEmpty(t, op.Description, id)
		for _, parameter := range op.Parameters {
			assert.NotNil(t, parameter.Value.Example, "%s: parameter %s has an example", id, parameter.Value.Name)
		}
		if op.RequestBody != nil {
			assert.NotEmpty(t, op.RequestBody.Value.Content["application/json"].Examples, "%s: request has an example", id)
		}
		for status, response := range op.Responses.Map() {
			assert.NotEmpty(t, response.Value.Content["application/json"].Examples, "%s: response %s has an example", id, status)
		}
	}
}

func TestOperationsMatchTheContract(t *testing.T) {
	t.Parallel()
	table := clerksessions.Operations()
	require.Len(t, table, len(operations()))
	for _, got := range table {
		item := contract().Doc.Paths.Value(got.Path)
		require.NotNil(t, item, got.Path)
		op := item.GetOperation(got.Method)
		require.NotNil(t, op, "%s %s", got.Method, got.Path)
		assert.Equal(t, op.OperationID, got.ID)
		version := op.Parameters.GetByInAndName("header", "Clerk-API-Version")
		require.NotNil(t, version, got.ID)
		assert.True(t, version.Required)
		assert.Equal(t, []any{got.APIVersion}, version.Schema.Value.Enum)
		assert.EqualValues(t, op.Extensions["x-retry"], got.Retry)
		assert.Contains(t, []clerksessions.RetryClass{clerksessions.RetrySafe, clerksessions.RetryUnsent}, got.Retry)
		for _, status := range []string{"429", "5XX", "default"} {
			assert.NotNil(t, op.Responses.Value(status), "%s returns %s", got.ID, status)
		}
	}

	table[0].ID = "changed"
	assert.NotEqual(t, "changed", clerksessions.Operations()[0].ID, "callers get a copy")
}
