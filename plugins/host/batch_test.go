package host

import (
	"testing"

	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// However a plugin answers: an item has the one valid verdict about it, or has
// failed.
func FuzzVerdicts(f *testing.F) {
	f.Add([]byte{1, 1, 2, 1, 3, 1}, "x")
	f.Add([]byte{3, 2, 2, 3, 1, 4}, "")
	f.Add([]byte{1, 1, 1, 1, 1, 1}, "\xff")
	f.Add([]byte{9, 1, 0, 0, 255, 255}, "x")
	f.Fuzz(func(t *testing.T, answers []byte, text string) {
		items := []*item{{id: 1}, {id: 2}, {id: 3}}
		var verdicts []*pluginpb.Verdict
		about := map[uint64]int{}
		for i := 0; i+1 < len(answers); i += 2 {
			if answers[i+1] == 7 {
				verdicts = append(verdicts, nil)
				continue
			}
			v := &pluginpb.Verdict{Id: uint64(answers[i]), Action: pluginpb.Action(answers[i+1]), Text: text}
			verdicts = append(verdicts, v)
			about[v.Id]++
		}
		wrong, why := match(items, verdicts)
		failed := 0
		for _, it := range items {
			v := it.verdict
			if v == nil {
				failed++
				continue
			}
			if v.Id != it.id || about[it.id] != 1 || wrongWith(v) != "" {
				t.Errorf("item %d got %v, of %d about it", it.id, v, about[it.id])
			}
		}
		if failed != wrong || (wrong > 0) != (why != "") {
			t.Errorf("%d items failed, but %d are counted, as %q", failed, wrong, why)
		}
	})
}

func TestACallHasItsLimits(t *testing.T) {
	long := make([]*item, 0, 2*contract.MaxBatch)
	for range 2 * contract.MaxBatch {
		long = append(long, &item{text: string(make([]byte, 4096))})
	}
	if n := cut(long); n != contract.MaxBatchBytes/4096 {
		t.Errorf("%d texts of 4096 bytes are a batch, want %d", n, contract.MaxBatchBytes/4096)
	}
	for _, it := range long {
		it.text = "x"
	}
	if n := cut(long); n != contract.MaxBatch {
		t.Errorf("%d short texts are a batch, want %d", n, contract.MaxBatch)
	}
	if n := cut([]*item{{text: string(make([]byte, 2*contract.MaxBatchBytes))}}); n != 1 {
		t.Errorf("a single long text: got %d, want it alone", n)
	}
}
