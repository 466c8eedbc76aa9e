package clerksessions_test

// facts are what a client can know after an ending.
type facts struct {
	unprocessed bool // the protocol guarantees that the server did not act
	works       bool // the response is complete
	final       bool // a retry would not help
	silent      bool // HTTP/1.1: there was no byte of a response, so net/http may resend a GET
	unseen      bool // the server received nothing
	racy        bool // the kernel decides whether anything was written before the end
}

var (
	uncertain   = facts{}
	unprocessed = facts{unprocessed: true}
	succeeds    = facts{works: true}
	silent      = facts{silent: true}
)

// wireCase is an ending and what the client can know after it.
type wireCase struct {
	ending
	facts
}

func on(at stage, name string, end func(*wireConn) bool, means facts) wireCase {
	return wireCase{ending{name, at, end}, means}
}

var closings = []struct {
	name string
	end  func(*wireConn) bool
}{{"FIN", (*wireConn).closed}, {"RST", (*wireConn).reset}}

// wireCases returns all endings of a protocol.
func wireCases(p protocol) (all []wireCase) {
	for _, c := range closings {
		all = append(all,
			on(onAccept, c.name+" on accept", c.end, facts{unprocessed: p.tls, unseen: true, racy: !p.tls}),
			on(onHandshake, c.name+" before a request", c.end, facts{unseen: true, racy: true}))
	}
	if p.name == "HTTP2" {
		return append(all, http2Cases()...)
	}
	return append(all, http1Cases()...)
}
