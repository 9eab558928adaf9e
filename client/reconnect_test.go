package client

import (
	"context"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const goneLine = "-- the server closed the connection. Enter quits, r reconnects"

func TestTheServerGoes(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, s *seat){
		"Enter quits": func(t *testing.T, s *seat) {
			s.says("# Bye!\n")
			s.types("draft")
			s.goes()
			s.types("x")
			s.shows("famchat\n* you joined\n# Bye!\n> draft\n" + goneLine)
			s.types("\r")
			s.ends(nil)
		},
		"Ctrl-C quits": func(t *testing.T, s *seat) { s.goes(); s.types("\x03"); s.ends(nil) },
		"Ctrl-D quits": func(t *testing.T, s *seat) { s.goes(); s.types("\x04"); s.ends(nil) },
		"a hang-up quits": func(t *testing.T, s *seat) {
			s.goes()
			_ = s.keys.CloseWithError(syscall.EIO)
			s.ends(nil)
		},
		"a signal quits": func(t *testing.T, s *seat) { s.goes(); s.stop(); s.ends(nil) },
		"in answer to what was typed: no question": func(t *testing.T, s *seat) {
			s.types("/quit\r")
			s.gets("/quit")
			s.says("* you left. Bye!\n")
			s.goes()
			s.ends(nil)
			s.shows("famchat\n* you joined\n* you left. Bye!")
		},
		"r reconnects, with the name and what was typed": func(t *testing.T, s *seat) {
			s.types("draft\x02")
			s.goes()
			near, far := net.Pipe()
			s.dials <- near
			s.server = far
			s.types("r")
			s.says("famchat\nYour name? ")
			s.gets("anna")
			s.says("* you joined\n> ")
			s.types("!")
			s.shows("famchat\n* you joined\n> draft\n" + goneLine + "\n-- connected again\nfamchat\n* you joined\n> draf!t")
		},
		"r, and nobody listens": func(t *testing.T, s *seat) {
			s.goes()
			s.types("r")
			s.shows("famchat\n* you joined\n" + goneLine + "\n-- nobody listens. Enter quits, r reconnects")
			s.types("\r")
			s.ends(nil)
		},
		"what could not be sent is shown": func(t *testing.T, s *seat) {
			s.types("one\rtwo\r")
			s.goes()
			s.shows("famchat\n* you joined\n-- not sent: two\n" + goneLine)
		},
		"Ctrl-Z while it is gone": func(t *testing.T, s *seat) {
			s.types("draft")
			s.goes()
			s.types("\x1afg\r")
			s.shows("famchat\n* you joined\n> draft\n" + goneLine)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := sit(t, nil)
				s.joins()
				test(t, s)
			})
		})
	}
}

// With Reconnect it tries by itself, 1 s doubling to 30 s, until it is in again.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tried []time.Duration
		var last time.Time
		s := sit(t, func(o *Options) {
			o.Reconnect = true
			dial := o.Redial
			o.Redial = func(ctx context.Context) (net.Conn, error) {
				tried = append(tried, time.Since(last))
				last = time.Now()
				return dial(ctx)
			}
		})
		s.joins()
		s.types("draft")
		last = time.Now()
		s.goes()
		time.Sleep(100 * time.Second)
		near, far := net.Pipe()
		s.dials <- near
		s.server = far
		time.Sleep(30 * time.Second)
		synctest.Wait()
		want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(tried, want) {
			t.Errorf("it was tried after %v, want %v", tried, want)
		}
		s.says("famchat\nYour name? ")
		s.gets("anna")
		s.says("* you joined\n> ")
		const gone = "-- the server closed the connection\n"
		s.shows("famchat\n* you joined\n> draft\n" + gone + "-- connected again\nfamchat\n* you joined\n> draft")

		s.goes()
		s.shows("famchat\n* you joined\n> draft\n" + gone + "-- connected again\nfamchat\n* you joined\n> draft\n" + gone +
			"-- trying again in 1s. Enter quits, r tries now")
		s.types("\r")
		s.ends(nil)
	})
}

// A name that is refused when it is said again is for the person to settle.
func TestReconnectWithARefusedName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sit(t, func(o *Options) { o.Name = "anna" })
		s.says("Your name? ")
		s.gets("anna")
		s.says("* you joined\n> ")
		s.goes()
		synctest.Wait()
		near, far := net.Pipe()
		s.dials <- near
		s.server = far
		s.types("r")
		s.says("Your name? ")
		s.gets("anna")
		s.says("! taken\nYour name? ")
		s.types("anna2\r")
		s.gets("anna2")
		s.shows("* you joined\n" + goneLine + "\n-- connected again\n! taken\nYour name?")
	})
}
