package hub

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

var (
	seedFlag  = flag.Int64("seed", 0, "simulate this seed only, and say what happens")
	seedsFlag = flag.Int64("seeds", 1000, "how many seeds to simulate")
)

// TestSimulatedEveningsKeepEveryPromise drives room, transcript and codec from
// seeds: people with odd connections come, talk, stall, break off; hooks answer
// late, wrongly, twice or never; limits are tiny. World.check says what must hold
// after every turn, and World.finish what must hold when all is quiet.
func TestSimulatedEveningsKeepEveryPromise(t *testing.T) {
	if *seedFlag != 0 {
		w := newWorld(*seedFlag, "")
		w.verbose = t.Logf
		if err := w.run(); err != nil {
			t.Fatal(err)
		}
		return
	}
	seen := map[string]int{}
	var lock sync.Mutex
	var all sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed := next.Add(1); seed <= *seedsFlag && !t.Failed(); seed = next.Add(1) {
				w := newWorld(seed, "")
				if err := w.run(); err != nil {
					t.Errorf("seed %d, turn %d: %v\nagain: go test ./daemon/internal/hub -run Simulated -seed %d -v", seed, w.turn, err, seed)
				}
				lock.Lock()
				for k, n := range w.seen {
					seen[k] += n
				}
				lock.Unlock()
			}
		})
	}
	all.Wait()
	if *seedsFlag < 1000 || t.Failed() {
		return
	}
	for _, k := range []string{
		"left", "lost", "failed", "removed", "closed", "name_timeout", "names_tried", "frame_timeout", "flood_timeout",
		"backlog", "lagging", "own_backlog", "own_total", "too_long", "clients",
		"held", "parked", "stalled", "congested", "full", "history", "private", "mention", "day", "half sent", "late verdict",
		"banned", "muted", "refused as muted", "refused as banned", "counted down",
	} {
		if seen[k] == 0 {
			t.Errorf("no seed came to %q: the simulation misses what it is for", k)
		}
	}
}

func TestASeedAlwaysGivesTheSameEvening(t *testing.T) {
	for seed := int64(1); seed <= 30; seed++ {
		first, second := newWorld(seed, ""), newWorld(seed, "")
		if err := first.run(); err != nil {
			t.Fatal(err)
		}
		if err := second.run(); err != nil {
			t.Fatal(err)
		}
		if got, want := second.trace.Sum64(), first.trace.Sum64(); got != want {
			t.Errorf("seed %d: the second run's trace is %x, the first's %x", seed, got, want)
		}
	}
}

// TestPlantedBugsAreCaught is the test of the test.
func TestPlantedBugsAreCaught(t *testing.T) {
	for _, bug := range []string{"lost frame", "doubled frame", "swapped frames", "leaked whisper", "silent leave", "forgotten resume", "lost mute", "lost ban"} {
		t.Run(bug, func(t *testing.T) {
			for seed := int64(1); seed <= 300; seed++ {
				if err := newWorld(seed, bug).run(); err != nil {
					t.Logf("caught by seed %d: %v", seed, err)
					return
				}
			}
			t.Errorf("300 seeds did not notice a %s", bug)
		})
	}
}

// world is a hub with simulated people around it.
type world struct {
	*rand.Rand
	hub     *Hub
	cfg     Config
	rooms   room.Config
	now     room.Now
	turn    int
	next    int64 // when the next is wanted
	lastID  room.ID
	people  []*person
	witness *person // reads everything at once and stays to the end
	bug     string
	verbose func(string, ...any)

	asked   []request // not answered yet
	posted  []string  // tags of public messages, in order
	private map[string][2]room.ID
	comings []string // "+name" and "-name", in order
	named   int      // how many there were when names were checked last
	checked int      // how many the witness had read when they were checked last
	seen    map[string]int
	trace   interface {
		Write([]byte) (int, error)
		Sum64() uint64
	}
	bans, mutes []sanction // as the room should know them
	counts      struct{ messages, read uint64 }
	wrong       error // that an event was

	quiet bool // nobody sends any more
	said  int  // by commands
}

// request is something a hook has been asked.
type request struct {
	id      uint64
	message *hooks.Message
	call    *hooks.Call
}

func newWorld(seed int64, bug string) *world {
	w := &world{
		Rand: rand.New(rand.NewSource(seed)), bug: bug, private: map[string][2]room.ID{},
		seen: map[string]int{}, trace: fnv.New64a(), verbose: func(string, ...any) {},
	}
	w.now = room.Now{Nanos: 1, Stamp: screen.Stamp{Date: screen.Date{Year: 2026, Month: 11, Day: 23}, Minute: 600}}
	w.cfg = Config{
		BacklogBytes: int64(16+w.Intn(48)) << 10, LaggingNanos: int64(1+w.Intn(5)) * 1e9,
		OwnBacklogBytes: int64(8+w.Intn(24)) << 10, OwnTotalBytes: int64(8+w.Intn(40)) << 10,
		FrameNanos: int64(w.Intn(4)) * 2e9, CloseNanos: 2e9,
	}
	w.rooms = room.Config{
		Name: "Sim", History: w.Intn(8), HistoryBytes: 1 << w.Intn(15), ObservePosts: true,
		Limits: room.Limits{
			Clients: 6 + w.Intn(16), NameNanos: int64(w.Intn(3)) * 5e9, NamesTried: w.Intn(6),
			MessageRate: []int{0, 0, 5, 50}[w.Intn(4)], MessageBurst: 1 + w.Intn(10), MessageLines: 3 + w.Intn(20),
			FloodNanos: int64(1+w.Intn(5)) * 1e9, Mentions: 1 + w.Intn(4), Pending: 1 + w.Intn(8),
		},
		Offers: hooks.Offers{Names: w.chance(3), Public: w.chance(3), Private: w.chance(3)},
	}
	if w.chance(2) {
		w.rooms.Offers.Commands = []hooks.Command{{Name: "roll", Help: "rolls"}}
	}
	if w.chance(10) {
		w.rooms.Welcome = "welcome\nto you"
	}
	w.hub = New(room.New(w.rooms), w.cfg, w)
	return w
}

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.Intn(n) == 0 }

// run plays one evening.
func (w *world) run() error {
	w.hub.SetNow(w.now)
	w.witness = w.connect()
	w.witness.typed([]string{"witness"})
	for w.hub.room.Named("witness") == 0 {
		w.witness.exchange(1 << 10)
		w.answerAll()
		if err := w.endTurn(); err != nil {
			return err
		}
	}
	for w.turn = range 120 {
		if err := w.playTurn(); err != nil {
			return err
		}
	}
	return w.finish()
}

// playTurn is a turn of the loop, with whatever happens in it.
func (w *world) playTurn() error {
	step := int64(w.Intn(200_000_000))
	if w.chance(15) {
		step = int64(w.Intn(5)) * 1e9
	}
	w.now.Nanos += step
	if w.chance(10) { // the wall clock goes where it likes
		w.now.Stamp.Minute = int16(w.Intn(1440))
		if w.chance(5) {
			w.now.Stamp.Date.Day = uint8(1 + w.Intn(28))
			w.seen["day"]++
		}
	}
	w.hub.SetNow(w.now)
	for range w.Intn(3) {
		if len(w.people) < 400 && !w.quiet {
			w.connect()
		}
	}
	for _, p := range w.people {
		p.act()
	}
	w.admin()
	w.sanction()
	w.answerSome()
	return w.endTurn()
}

func (w *world) endTurn() error {
	w.note()
	w.next = w.hub.EndTurn()
	w.note()
	return w.check()
}

// note counts states that a good simulation comes to.
func (w *world) note() {
	if len(w.hub.parked) > 0 {
		w.seen["parked"]++
	}
	if len(w.hub.stalled) > 0 {
		w.seen["stalled"]++
	}
	if w.hub.congested {
		w.seen["congested"]++
	}
	if w.hub.room.Full() {
		w.seen["full"]++
	}
}

// admin kicks and announces now and then.
func (w *world) admin() {
	switch people := w.hub.room.AppendPeople(nil, 0, 1<<20); {
	case w.chance(40) && len(people) > 1:
		if id := people[w.Intn(len(people))].ID; id != w.witness.id {
			kick := room.Event{Kind: room.Kick, Member: id, Text: []byte("enough\x1b[2J")}
			if w.chance(2) {
				kick.Sanction = &room.Sanction{UntilNanos: w.now.Nanos + 1e9}
			}
			w.hub.Step(kick)
		}
	case w.chance(40):
		w.hub.Step(room.Event{Kind: room.Tell, Member: room.ID(w.Intn(int(w.lastID) + 2)), Text: []byte("the server\nspeaks\x07")})
	case w.chance(40):
		w.hub.Step(room.Event{Kind: room.Announce, Text: []byte("the server speaks")})
	}
}

// answerSome answers some of what hooks were asked, in any order and manner.
func (w *world) answerSome() {
	for range w.Intn(8) {
		if len(w.asked) == 0 {
			return
		}
		i := w.Intn(len(w.asked))
		w.answer(w.asked[i])
		if !w.chance(10) { // or it is answered again later
			w.asked = slices.Delete(w.asked, i, i+1)
		}
	}
	if w.chance(20) {
		w.hub.Step(room.Event{Kind: room.Answered, Request: uint64(w.Intn(1000)), Verdict: hooks.Verdict{Action: 99}})
		w.seen["late verdict"]++
	}
}

// answerAll answers everything, and well.
func (w *world) answerAll() {
	for _, r := range w.asked {
		w.hub.Step(room.Event{Kind: room.Answered, Request: r.id, Verdict: hooks.Allow(), Result: &hooks.Result{}})
	}
	w.asked = w.asked[:0]
}

func (w *world) answer(r request) {
	e := room.Event{Kind: room.Answered, Request: r.id, Verdict: hooks.Allow()}
	if r.call != nil {
		w.said++
		e.Result = &hooks.Result{Reply: "rolled", Effects: []hooks.Effect{
			{Kind: hooks.Say, Text: fmt.Sprintf("p0.%d; said", w.said)},
			{Kind: hooks.Tell, To: room.ID(w.Intn(int(w.lastID) + 2)), Text: w.psst(r.call.Caller)},
			{Kind: hooks.Whisper, To: r.call.Caller.ID, Text: "whisper"},
		}[:w.Intn(4)]}
	}
	if w.chance(4) {
		e.Verdict = []hooks.Verdict{hooks.Reject("no"), hooks.Drop(), hooks.Fail("broken"), {}, {Action: 77}}[w.Intn(5)]
	} else if r.message != nil && w.chance(3) {
		e.Verdict = hooks.Replace(r.message.Text + " +")
	}
	w.hub.Step(e)
}

// check is what must hold after every turn.
func (w *world) check() error {
	if w.wrong != nil {
		return w.wrong
	}
	if err := w.checkNames(); err != nil {
		return err
	}
	for _, s := range w.hub.order {
		if b := w.hub.log.Behind(&s.cursor); b > w.cfg.BacklogBytes {
			return fmt.Errorf("%d is %d bytes behind, of %d at most", s.id, b, w.cfg.BacklogBytes)
		}
		if own := int64(s.cursor.OwnBytes()); own > w.cfg.OwnBacklogBytes && !s.closing {
			return fmt.Errorf("%d has %d bytes of its own, of %d at most", s.id, own, w.cfg.OwnBacklogBytes)
		}
		if len(s.rest) > maxReadBytes+2*4104 {
			return fmt.Errorf("%d bytes of %d wait unread", len(s.rest), s.id)
		}
	}
	if own := w.hub.log.OwnBytes(); own > w.cfg.OwnTotalBytes+w.cfg.OwnBacklogBytes {
		return fmt.Errorf("%d bytes of their own wait for all, of %d at most", own, w.cfg.OwnTotalBytes)
	}
	for _, p := range w.people {
		if err := p.check(); err != nil {
			return fmt.Errorf("person %d: %w", p.id, err)
		}
	}
	return w.checkComings()
}

// checkNames looks at who is here, where somebody has come or gone.
func (w *world) checkNames() error {
	if w.named == len(w.comings) {
		return nil
	}
	w.named = len(w.comings)
	people := w.hub.room.AppendPeople(nil, 0, 1<<20)
	if n := w.rooms.Limits.Clients; len(people) > n {
		return fmt.Errorf("%d people are in a room for %d", len(people), n)
	}
	held := map[string]room.ID{}
	for _, p := range people {
		if p.Name == "" {
			continue
		}
		for _, form := range names.SkeletonOf(p.Name) {
			if id := held[form]; id != 0 && id != p.ID {
				return fmt.Errorf("two people look like %s: %d and %d", form, id, p.ID)
			}
			held[form] = p.ID
		}
	}
	return nil
}

// checkComings holds what the witness read of comings and goings against what
// happened.
func (w *world) checkComings() error {
	if w.checked == len(w.witness.comings) {
		return nil
	}
	w.checked = len(w.witness.comings)
	told, happened := map[string]int{}, map[string]int{}
	for _, c := range w.witness.comings {
		told[c]++
	}
	for _, c := range w.comings {
		happened[c]++
	}
	for _, c := range w.witness.comings {
		if told[c] > happened[c] {
			return fmt.Errorf("%s was told %d times and happened %d times", c, told[c], happened[c])
		}
	}
	return nil
}

// finish lets all become quiet and says what must hold then.
func (w *world) finish() error {
	w.quiet = true
	for range 5000 {
		if w.settled() {
			break
		}
		w.turn++
		w.now.Nanos += 100_000_000
		w.hub.SetNow(w.now)
		for _, p := range w.people {
			p.settle()
		}
		w.answerAll()
		if err := w.endTurn(); err != nil {
			return err
		}
	}
	if w.next <= w.now.Nanos {
		return fmt.Errorf("all is quiet, and a turn is wanted at once: it would spin (parked %d, room %d, now %d)", len(w.hub.parked), w.hub.room.Deadline(), w.now.Nanos)
	}
	for _, p := range w.people {
		if err := p.checkQuiet(); err != nil {
			return fmt.Errorf("person %d, when all was quiet: %w", p.id, err)
		}
	}
	if got, want := strings.Join(sorted(w.witness.comings), " "), strings.Join(sorted(w.comings), " "); got != want {
		return fmt.Errorf("the witness was told %s\nbut it happened %s", got, want)
	}
	if err := w.checkCounts(); err != nil {
		return err
	}
	w.hub.Shutdown(w.now.Nanos + 5e9)
	for range 100 {
		w.now.Nanos += 100_000_000
		w.hub.SetNow(w.now)
		for _, p := range w.people {
			p.settle()
		}
		if err := w.endTurn(); err != nil {
			return err
		}
	}
	if !w.hub.Empty() {
		return fmt.Errorf("%d sessions outlive the end", len(w.hub.sessions))
	}
	if w.hub.log.OwnBytes() != 0 {
		return fmt.Errorf("%d bytes are kept for nobody", w.hub.log.OwnBytes())
	}
	return nil
}

// settled reports whether nothing is left to happen.
func (w *world) settled() bool {
	if w.next <= w.now.Nanos+1e9 || len(w.asked) > 0 {
		return false
	}
	for _, p := range w.people {
		if p.checkQuiet() != nil || !p.over && !p.gone && (p.ends || p.broken) {
			return false
		}
	}
	return true
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// The world is the hub's Outside.

func (w *world) AskName(id uint64, _ hooks.NameRequest) { w.asked = append(w.asked, request{id: id}) }

func (w *world) AskMessage(id uint64, m *hooks.Message) {
	w.asked = append(w.asked, request{id: id, message: m})
}

func (w *world) AskCommand(id uint64, c *hooks.Call) {
	w.asked = append(w.asked, request{id: id, call: c})
}

func (w *world) Happened(e *hooks.Event) {
	fmt.Fprintf(w.trace, "%d %d %s %s %s\n", w.turn, e.Kind, e.Member.Name, e.Reason, e.Message.Text)
	w.verbose("turn %d: %d %s %s %q", w.turn, e.Kind, e.Member.Name, e.Reason, e.Message.Text)
	switch e.Kind {
	case hooks.Joined:
		if e.Member.Name != "witness" {
			w.comings = append(w.comings, "+"+e.Member.Name)
		}
		if holds(w.bans, e.Member.Name, w.now) {
			w.wrong = fmt.Errorf("%s joined, and is kept out", e.Member.Name)
		}
	case hooks.Left:
		if e.Reason == room.Closed.String() {
			return
		}
		w.comings = append(w.comings, "-"+e.Member.Name)
	case hooks.Posted:
		w.counts.messages++
		if holds(w.mutes, e.Message.From.Name, w.now) {
			w.wrong = fmt.Errorf("%s posted %q, and is muted", e.Message.From.Name, e.Message.Text)
		}
		tag := tagIn(e.Message.Text)
		if e.Message.Kind == hooks.Public {
			if tag != "" {
				w.posted = append(w.posted, tag)
			}
		} else if tag != "" {
			w.private[tag] = [2]room.ID{e.Message.From.ID, e.Message.To.ID}
		}
	}
}

func (w *world) CountedDown() { w.seen["counted down"]++ }

func (w *world) Ended(id room.ID, why room.Reason) {
	fmt.Fprintf(w.trace, "%d %d %v\n", w.turn, id, why)
	w.seen[why.String()]++
}
