// Package admin is how whoever looks after a room talks with its daemon: HTTP and
// JSON over a unix socket. It has the requests and answers, the handler that serves
// them over a Backend, the socket with its lock, and a client whose zero value works
// with the default socket. It knows nothing of how a daemon works inside.
package admin
