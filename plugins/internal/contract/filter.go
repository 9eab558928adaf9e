package contract

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins/pluginpb"
)

// Filter asks a plugin about messages, a batch at a time, on a stream that stays
// open from one to the next: that costs half of what a call of its own for each
// would (docs/decisions/0007).
type Filter struct {
	client pluginpb.PluginClient

	mu      sync.Mutex // held while a batch is under way
	stream  grpc.BidiStreamingClient[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse]
	running context.Context // of the stream; nil, as are the others, where there is none
	end     context.CancelFunc
}

// NewFilter makes a Filter of the plugin behind a client.
func NewFilter(client pluginpb.PluginClient) *Filter { return &Filter{client: client} }

// Ask asks about one batch. Whatever goes wrong ends the stream, ctx's end too, so
// that an answer that comes later is never taken for that about another batch.
func (f *Filter) Ask(ctx context.Context, messages []*pluginpb.Message) ([]*pluginpb.Verdict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end == nil {
		f.running, f.end = context.WithCancel(context.Background())
	}
	r := &pluginpb.FilterMessagesRequest{Messages: messages}
	if deadline, set := ctx.Deadline(); set {
		r.TimeoutNanos = int64(time.Until(deadline))
	}
	stop := context.AfterFunc(ctx, f.end)
	answer, err := f.exchange(r)
	if !stop() || err != nil {
		f.close()
	}
	if err != nil && ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return answer.GetVerdicts(), err
}

// exchange sends a request and waits for its answer.
func (f *Filter) exchange(r *pluginpb.FilterMessagesRequest) (_ *pluginpb.FilterMessagesResponse, err error) {
	if f.stream == nil {
		if f.stream, err = f.client.FilterMessages(f.running); err != nil {
			return nil, err
		}
	}
	// Where the plugin has ended the stream, Recv has its reason.
	if err := f.stream.Send(r); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	answer, err := f.stream.Recv()
	if errors.Is(err, io.EOF) {
		return nil, status.Error(codes.FailedPrecondition, "it ended the stream of FilterMessages without an answer")
	}
	return answer, err
}

// Resync ends the stream: what is still on it answers nothing that will be asked.
func (f *Filter) Resync() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.close()
}

func (f *Filter) close() {
	if f.end != nil {
		f.end()
		f.stream, f.running, f.end = nil, nil, nil
	}
}
