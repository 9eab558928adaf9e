//go:build unix

package plugintest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"sync"
	"time"
)

// identity is the daemon's side of go-plugin's mutual TLS: each side shows a
// certificate that it signed itself, and trusts the other's alone.
var identity = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: serverName},
		DNSNames:     []string{serverName},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// serverName is whom go-plugin's certificates are for.
const serverName = "localhost"

// clientCert is what PLUGIN_CLIENT_CERT has.
func clientCert() (string, error) {
	c, err := identity()
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})), nil
}

// clientTLS trusts the certificate of a handshake line.
func clientTLS(theirs string) (*tls.Config, error) {
	ours, err := identity()
	if err != nil {
		return nil, err
	}
	der, err := base64.RawStdEncoding.DecodeString(theirs)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{ours}, RootCAs: pool, ServerName: serverName, MinVersion: tls.VersionTLS12}, nil
}

// http2Hello is what every client of HTTP/2 sends first: its preface, and settings
// that say nothing.
const http2Hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// helloTime is how long a server may take to say hello.
const helloTime = 5 * time.Second

// takesAnyone reports whether a plugin that asked for mutual TLS speaks with
// somebody who shows no certificate.
func takesAnyone(a address, config *tls.Config) bool {
	anyone := config.Clone()
	anyone.Certificates = nil
	anyone.NextProtos = []string{"h2"}
	ctx, cancel := context.WithTimeout(context.Background(), helloTime)
	defer cancel()
	raw, err := a.dial(ctx)
	if err != nil {
		return false
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(helloTime))
	conn := tls.Client(raw, anyone)
	if _, err := conn.Write([]byte(http2Hello)); err != nil {
		return false
	}
	// With TLS 1.3 the refusal comes only now.
	n, _ := conn.Read(make([]byte, 1))
	return n > 0
}
