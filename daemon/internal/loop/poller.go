package loop

// interest is what a descriptor is watched for, and what it was found to be.
type interest uint8

const (
	readable interest = 1 << iota
	writable
	broken // found only: failed or hung up
)

// event is a descriptor and what it was found to be.
type event struct {
	fd int32
	is interest
}

// poller waits for many descriptors, level-triggered: what is ready and left alone
// is found again.
type poller interface {
	// set changes what fd is watched for. The poller keeps no more than it must,
	// so the caller says what it was. A descriptor watched for nothing is not
	// watched at all: its hang-up would be found in every wait. It MUST be so
	// before fd is closed.
	set(fd int, was, is interest) error
	// wait waits at most so many milliseconds (-1: for ever), and appends all that
	// is ready. A signal may end it early, with nothing.
	wait(millis int, ready []event) ([]event, error)
	close()
}

func newPoller(k Kind) (poller, error) {
	if k == Poll || k != Epoll && !hasEpoll {
		return newPoll(), nil
	}
	return newEpoll()
}
