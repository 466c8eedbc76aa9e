package clerksessions_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"sync"
)

// certificate returns a self-signed certificate.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// serverTLS omits post-quantum keys and tickets, so that handshakes are much faster.
func serverTLS(p protocol) *tls.Config {
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate()}, CurvePreferences: []tls.CurveID{tls.CurveP256}, SessionTicketsDisabled: true,
	}
	if p.name == "HTTP2" {
		config.NextProtos = []string{"h2"}
	}
	return config
}

func clientTLS() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.CurveP256}}
}
