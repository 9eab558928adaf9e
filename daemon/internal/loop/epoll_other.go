//go:build unix && !linux

package loop

import (
	"fmt"
	"runtime"
)

const hasEpoll = false

func newEpoll() (poller, error) {
	return nil, fmt.Errorf("%s has no epoll: set the event loop to poll or auto", runtime.GOOS)
}
