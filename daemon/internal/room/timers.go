package room

// timers is a heap of members by deadline; each has at most one timer.
type timers struct{ heap []*member }

// next returns the first deadline, or Never.
func (t *timers) next() int64 {
	if len(t.heap) == 0 {
		return Never
	}
	return t.heap[0].deadline
}

// start sets a member's timer, in place of the one it has.
func (t *timers) start(m *member, deadline int64) {
	m.deadline = deadline
	if m.timer == 0 {
		t.heap = append(t.heap, m)
		m.timer = int32(len(t.heap))
	}
	t.fix(int(m.timer) - 1)
}

// stop takes a member's timer away, where it has one.
func (t *timers) stop(m *member) {
	if m.timer == 0 {
		return
	}
	i, last := int(m.timer)-1, len(t.heap)-1
	t.swap(i, last)
	t.heap[last] = nil
	t.heap = t.heap[:last]
	m.timer = 0
	if i < last {
		t.fix(i)
	}
}

// fix moves the i-th member up or down to where it belongs.
func (t *timers) fix(i int) {
	for i > 0 && t.less(i, (i-1)/2) {
		t.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if t.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		t.swap(i, least)
		i = least
	}
}

// less orders by deadline and then by ID, so that the same events always give
// the same effects.
func (t *timers) less(i, j int) bool {
	a, b := t.heap[i], t.heap[j]
	return a.deadline < b.deadline || a.deadline == b.deadline && a.id < b.id
}

func (t *timers) swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].timer, t.heap[j].timer = int32(i)+1, int32(j)+1
}

// asks are requests to a hook that each hold up one member, first in, first out.
type asks struct{ queue []ask }

type ask struct {
	request  uint64
	member   ID
	deadline int64
	command  string // that was called, or empty
	typed    string // to call it
}

func (a *asks) add(q ask) { a.queue = append(a.queue, q) }

// next returns the deadline of the first request, or Never.
func (a *asks) next() int64 {
	if len(a.queue) == 0 {
		return Never
	}
	return a.queue[0].deadline
}

func (a *asks) pop() ask {
	q := a.queue[0]
	a.queue = a.queue[1:]
	return q
}

// take takes a request out, wherever it stands.
func (a *asks) take(request uint64) (ask, bool) {
	for i, q := range a.queue {
		if q.request == request {
			a.queue = append(a.queue[:i], a.queue[i+1:]...)
			return q, true
		}
	}
	return ask{}, false
}
