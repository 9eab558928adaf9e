package filter

import (
	"runtime"
	"strings"
	"testing"
)

const benchBytes = 64 << 10

func BenchmarkFind(b *testing.B) {
	f := newFilter(b, Config{Languages: Languages()})
	for _, bb := range []struct{ name, text string }{
		{"english", "Mum, can you pick up some milk on the way home? The kids had a great day at school, and dinner is at seven.\n"},
		{"as", strings.Repeat("a", benchBytes)},
		{"spaced", "a b c d e f g h i j k l m n o p q r s t u v w x y z "},
		{"spaced-near-misses", "s h i d. f u c g. "},
		{"near-misses", "shot ship fcuk puck bich batch cont count dock dack coc assess "},
		{"phrase-near-misses", "chut ka chut ke teri maa ka teri maa ki blow eat my girl on "},
		{"repeated", "shhhhhhhhiiiiiiiid fuuuuuuuuuuug "},
		{"german", "Könntest du später bitte für alle Brötchen und Käse mitbringen? Grüße aus München, schönen Tag!\n"},
		{"russian", "Мама, купи, пожалуйста, молоко по дороге домой, ужин сегодня в семь часов.\n"},
		{"japanese", "今日は学校がとても楽しかったです。晩ご飯は七時からですよ、カレーライスを作りました。\n"},
		{"chinese-near-misses", "你干操你他干妈操他你"},
		{"thai", "วันนี้เราไปโรงเรียนกันแล้วก็กลับบ้านมากินข้าวเย็นด้วยกัน "},
		{"marks", "s\u0301h\u0301i\u0301d\u0301 e\u0301te\u0301 "},
		{"disguised", "sh1t $hit s h i t, shiiit a b1tch "},
		{"swearing", "shit fuck cunt "},
		{"symbols", "$$@@!!a$b@c!d "},
	} {
		text := strings.Repeat(bb.text, benchBytes/len(bb.text))
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var spans []Span
			for b.Loop() {
				spans = f.Find(spans[:0], text)
			}
		})
	}
}

func BenchmarkMask(b *testing.B) {
	f := newFilter(b, Config{Languages: Languages()})
	for _, bb := range []struct{ name, text string }{
		{"clean", "Mum, can you pick up some milk on the way home? Dinner is at seven."},
		{"masked", "Mum, can you pick up some sh1t on the way home? Dinner is at seven."},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.text)))
			b.ReportAllocs()
			for b.Loop() {
				f.Mask(bb.text)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for name, languages := range map[string][]string{"en": {"en"}, "all": Languages()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			kept := newFilter(b, Config{Languages: languages})
			runtime.GC()
			runtime.ReadMemStats(&after)
			for b.Loop() {
				newFilter(b, Config{Languages: languages})
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
			runtime.KeepAlive(kept)
		})
	}
}
