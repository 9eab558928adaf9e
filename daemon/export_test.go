package daemon

import "context"

// ObservesPosts reports whether the room tells of messages at present.
func (s *Server) ObservesPosts(ctx context.Context) (observes bool, err error) {
	err = s.do(ctx, func() { observes = s.hub.Room().Configured().ObservePosts })
	return observes, err
}

// KnownPeers is how many addresses are kept.
func (s *Server) KnownPeers(ctx context.Context) (n int, err error) {
	err = s.do(ctx, func() { n = len(s.peers) })
	return n, err
}
