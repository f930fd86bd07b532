// Starts mochi-mqtt with its state in the directory that is the first argument.
//
//	mochi DIRECTORY CA CERTIFICATE KEY TCP TLS MUTUAL WS WSS
//
// CA, CERTIFICATE and KEY are PEM files, the others ports of 127.0.0.1: plain, with TLS, with TLS
// and a client certificate, with WebSocket, and with both.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/hooks/storage/badger"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func main() {
	if len(os.Args) != 10 {
		log.Fatal("usage: mochi DIRECTORY CA CERTIFICATE KEY TCP TLS MUTUAL WS WSS")
	}
	directory, ca, ports := os.Args[1], os.Args[2], os.Args[5:]
	certificate, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	must(err)
	pem, err := os.ReadFile(ca)
	must(err)
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(pem)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}}
	mutual := secure.Clone()
	mutual.ClientCAs, mutual.ClientAuth = clients, tls.RequireAndVerifyClientCert

	broker := mqtt.New(nil)
	must(broker.AddHook(new(auth.AllowHook), nil))
	must(broker.AddHook(new(badger.Hook), &badger.Options{Path: filepath.Join(directory, "badger")}))
	at := func(id string, port int, config *tls.Config) listeners.Config {
		return listeners.Config{ID: id, Address: "127.0.0.1:" + ports[port], TLSConfig: config}
	}
	for _, listener := range []listeners.Listener{
		listeners.NewTCP(at("tcp", 0, nil)),
		listeners.NewTCP(at("tls", 1, secure)),
		listeners.NewTCP(at("mutual", 2, mutual)),
		listeners.NewWebsocket(at("ws", 3, nil)),
		listeners.NewWebsocket(at("wss", 4, secure)),
	} {
		must(broker.AddListener(listener))
	}
	must(broker.Serve())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	must(broker.Close())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
