package admin

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkMembers is what the handler and the client take for a list of ten thousand.
func BenchmarkMembers(b *testing.B) {
	members := make([]Member, 10_000)
	for i := range members {
		members[i] = Member{ID: uint64(i + 1), Name: fmt.Sprintf("größe%d", i), Address: "127.0.0.1:54321", Since: time.Now(), Idle: Duration(time.Second)}
	}
	b.Run("marshal", func(b *testing.B) {
		for b.Loop() {
			if _, err := Marshal(map[string][]Member{"members": members}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("call", func(b *testing.B) {
		r := serve(b, &fake{members: members})
		for b.Loop() {
			if list, err := r.client.Members(b.Context()); err != nil || len(list) != len(members) {
				b.Fatal(err)
			}
		}
	})
}
