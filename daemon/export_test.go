package daemon

import "context"

// Turns is how many turns the loop has made.
func (s *Server) Turns(ctx context.Context) (turns uint64, err error) {
	err = s.do(ctx, func() { turns = s.loop.Stats().Turns })
	return turns, err
}
