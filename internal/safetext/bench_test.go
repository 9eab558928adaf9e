package safetext

import (
	"strings"
	"testing"
)

func filled(pattern string, size int) []byte {
	return []byte(strings.Repeat(pattern, 1+size/len(pattern))[:size/len(pattern)*len(pattern)])
}

// benchTexts are messages as they come, and such as nobody should send.
var benchTexts = map[string][]byte{
	"ASCII100":   filled("I'll be late, sorry. The 19:40 train is stuck outside the tunnel again, tell her 20 then, please?! ", 100),
	"ASCII4096":  filled("I'll be late, sorry. The 19:40 train is stuck ", 4096),
	"German":     filled("Grüße aus Köln, schöne Straße, größer wär's möglich. ", 400),
	"French":     filled("L'été dernier à Nîmes, nous étions déjà là, ma sœur et moi. ", 400),
	"Russian":    filled("Съешь же ещё этих мягких французских булок, да выпей чаю. ", 400),
	"Japanese":   filled("今日は駅で待っています。カタカナも、ひらがなも。", 400),
	"Korean":     filled("오늘 저녁은 여덟 시에 먹어요. ", 400),
	"Thai":       filled("ที่นี่มีน้ำไหม กรุงเทพฯ ", 400),
	"Hindi":      filled("नमस्ते, आज शाम को मिलते हैं। ", 400),
	"Hebrew":     filled("שלום לכולם, מה שלומכם היום? ", 400),
	"Families":   filled("👨\u200d👩\u200d👧❤\ufe0f👍🏽🇫🇷", 400),
	"NFD":        filled("Tie\u0302\u0301ng Vie\u0302\u0323t ", 400),
	"Zalgo":      filled("Z\u0301\u0316\u0317\u0302\u0303\u0318\u0319\u0304\u0305\u0321\u0322\u0327", 4096),
	"Marks":      filled("\u0316\u0301", 4096),
	"Dropped":    filled("\u200b\u202e\u00ad", 4096),
	"Joiners":    filled("a\u200d\ufe0f\u200c", 4096),
	"Tags":       filled("🏴\U000e0067\U000e0062\U000e0073", 4096),
	"Invalid":    filled("\xff\x9b", 4096),
	"Controls":   filled("\x1b[\x07\x00", 4096),
	"Jamo":       filled("\u1112\u1161\u11ab", 4095),
	"LongJamo":   filled("\u1112", 4095),
	"Compatible": filled("\uf900\u212b", 4096),
}

func BenchmarkAppendText(b *testing.B) {
	for _, name := range []string{
		"ASCII100", "ASCII4096", "German", "French", "Russian", "Japanese", "Korean", "Thai", "Hindi", "Hebrew", "Families", "NFD",
		"Zalgo", "Marks", "Dropped", "Joiners", "Tags", "Invalid", "Controls", "Jamo", "LongJamo", "Compatible",
	} {
		b.Run(name, func(b *testing.B) {
			s := benchTexts[name]
			dst := make([]byte, 0, 1<<16)
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				AppendText(dst, s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s)), "ns/byte")
		})
	}
}

func BenchmarkRuneClasses(b *testing.B) {
	for b.Loop() {
		newRuneClasses()
	}
}
