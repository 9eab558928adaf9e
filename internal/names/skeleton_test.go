package names

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestLookAlikes(t *testing.T) {
	for _, tt := range []struct{ a, b string }{
		{"paul", "PAUL"}, {"paul", "Paul"}, {"Paul", "PauI"}, {"paul", "PAUI"}, {"paul", "раul"}, {"paul", "ｐaul"}, {"paul", "pau1"}, {"paul", "pau\u04c0"},
		{"Otto", "0tto"}, {"otto", "0tt0"}, {"OTTO", "0TTO"}, {"Ivan", "ivan"}, {"Ivan", "lvan"}, {"IVAN", "Іvan"}, {"ivan", "Іvan"},
		{"mama", "МАМА"}, {"mama", "мама"}, {"Tom", "Том"}, {"mum", "\U00011700u\U00011700"}, {"Jürgen", "ju\u0308rgen"}, {"Jürgen", "Jürgеn"},
		{"oscar", "σscar"}, {"ivanz", "Ιvan\u0396"}, {"ВОВ", "BOB"}, {"joel", "jοel"}, {"admin", "аdmin"}, {"アニ", "ア二"}, {"Groß", "GROẞ"},
	} {
		if a, b := SkeletonOf(tt.a), SkeletonOf(tt.b); !a.Alike(b) || !b.Alike(a) {
			t.Errorf("%s and %s: got %q and %q, want them alike", tt.a, tt.b, a, b)
		}
	}
}

func TestNoLookAlikes(t *testing.T) {
	for _, tt := range []struct{ a, b string }{
		{"mum", "rnum"}, {"tom", "torn"}, {"TOM", "TORN"}, {"anna", "anne"}, {"lvan", "ivan"}, {"Jürgen", "Jurgen"}, {"jose", "josé"}, {"Лёша", "Леша"},
		{"dr.no", "drno"}, {"a-b", "a_b"}, {"bob2", "bob3"},
	} {
		if a, b := SkeletonOf(tt.a), SkeletonOf(tt.b); a.Alike(b) {
			t.Errorf("%s and %s: got %q and %q, want them apart", tt.a, tt.b, a, b)
		}
	}
}

// sameNames are those among firstNames that look alike all the same.
var sameNames = [][2]string{{"tom", "Том"}, {"mama", "Мама"}}

// firstNames are names that families have.
const firstNames = `
anna anne ana hanna hannah joanna johanna ann annie anni anja anya tanja tanya maria marie mary mario marion miriam martha marta martin
marina max maximilian moritz paul paula pauline paulina peter petra pedro pablo phil philip philipp pia pippa otto ottilie oscar oskar olaf
oliver olivia ole oma opa mum mom mama papa dad daddy mummy tom tim thomas timo tomas torn tina tilda theo theodor emma emily emil emilia ella
ellen elena elias eli elisa elisabeth eliza elizabeth elsa else erik eric erika eva eve felix finn fiona frank frieda fritz franz greta gretel
georg george hans heidi heinz helga helen helena henry henri hugo ida ian ivan ines inga ingrid isa isabel isabella jan jana jane janet jens
joe joel john jon jonas jonathan josef joseph julia julian julie julius karl carl karla carla kai kay kate katie katja klara clara klaus claus
lara laura lea leah lena leni leo leon leonie lia liam lilly lily lina linda lisa lola lotte louis louise luca lucas lukas lucia lucy luis luisa
lulu mia mila milan mina nele nick nico nils nina noah noel nora nuria oleg pete rita rob robert robin roland rosa rose ruth sam samuel sara
sarah sophia sofia sophie simon simone stefan stephen susanne sven ted tess till tobias toni tony ulla ulf uli uwe vera victor viktor vincent
walter wendy werner willi willy will wilma xaver yara yannick yves zoe zac zack
Jürgen Jurgen Juergen Jörg Jorg Günther Gunther Björn Bjorn Bärbel Käthe Kathe Götz Hänsel Sören Soren Søren Åsa Asa Zoë José Jose André Andre René
Rene Renée François Francois Łukasz Lukasz Małgorzata Željko Zeljko Şebnem Sebnem Gülşen İpek Ipek Núria Núñez Nunez Íñigo Inigo Groß Gross
Анна Аня Алексей Александр Александра Андрей Антон Борис Валентина Вера Виктор Владимир Вова Галина Даша Дима Дмитрий Евгений Екатерина Елена
Женя Зоя Иван Игорь Ира Ирина Катя Кирилл Костя Ксения Лев Лена Лёша Леша Люба Людмила Маша Мария Миша Наташа Настя Никита Николай Нина Оксана
Олег Ольга Оля Павел Паша Пётр Петр Петя Роман Саша Света Светлана Сергей Серёжа Соня Таня Татьяна Тимур Фёдор Федя Юля Юрий Яна Яша
Άννα Αθηνά Αλέξης Βασίλης Γιάννης Γιώργος Δήμητρα Δημήτρης Ελένη Ευαγγελία Ζωή Ηλίας Θανάσης Ιωάννα Κατερίνα Κώστας Λευτέρης Μαρία Μιχάλης Νίκος
Ξένια Ολυμπία Παναγιώτης Παύλος Πέτρος Σοφία Σπύρος Στέλιος Τάσος Φωτεινή Χρήστος
अनिता अमित अनिल आशा इंदिरा कमल कविता गीता गोपाल दीपक नीता नीति प्रिया मीना मोहन राज राजेश राधा रीता लता विजय शांति सीता सुनीता हरि
أحمد محمد محمود مريم فاطمة علي عمر حسن حسين خالد سارة ليلى نور يوسف إبراهيم كريم رانيا سمير زينب طارق هدى
אברהם שרה רבקה רחל לאה דוד משה יעקב יוסף מרים חנה נועה תמר יעל אורי איתן גיל דנה רון רונית שלום
はなこ ハナコ 花子 太郎 一郎 二郎 次郎 三郎 さくら ゆい ゆき 結衣 陽菜 美咲 翔太 健太 けんた 拓海 蓮 愛子 恵子 けいこ 明 直樹 由美 まゆみ
Том Мама 김민준 이서연 박지훈 최수진 정하은 민수 지영 小明 李娜 王伟 张敏 สมชาย มาลี Արամ Անի გიორგი ნინო`

func TestOrdinaryNamesDoNotCollide(t *testing.T) {
	var list []string
	for _, name := range strings.Fields(firstNames) {
		if _, err := Check(name); err == nil {
			list = append(list, name)
		} else if utf8.RuneCountInString(name) > 1 {
			t.Errorf("%s is no name: %v", name, err)
		}
	}
	found := map[[2]string]bool{}
	for i, a := range list {
		for _, b := range list[:i] {
			if SkeletonOf(a).Alike(SkeletonOf(b)) {
				found[[2]string{b, a}] = true
				if !slices.Contains(sameNames, [2]string{b, a}) {
					t.Errorf("%s and %s look alike: %q, %q", b, a, SkeletonOf(b), SkeletonOf(a))
				}
			}
		}
	}
	for _, pair := range sameNames {
		if !found[pair] {
			t.Errorf("%s and %s do not look alike", pair[0], pair[1])
		}
	}
	t.Logf("%d names", len(list))
}

// TestEveryConfusableOfASCII puts each character of Unicode's table whose prototype
// is ASCII into ASCII names, in the prototype's place.
func TestEveryConfusableOfASCII(t *testing.T) {
	f, err := os.Open("gen/confusables.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tried := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(strings.TrimPrefix(lines.Text(), "\ufeff"), " ;\t")
		if len(fields) != 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		confusable, prototype := unhex(t, fields[0]), unhex(t, fields[1])
		if strings.ContainsFunc(prototype, func(c rune) bool { return c >= utf8.RuneSelf || !isASCIIName(byte(c)) }) {
			continue
		}
		if prototype == "rn" {
			prototype = "m"
		}
		accepted := false
		for _, around := range []string{"b*x", "*b", "b*", "**", "PAUI*", "*Ivan", "b*I.l-1_0O", "M*m", "TIM*", "rn*"} {
			fake, err := Check(strings.ReplaceAll(around, "*", confusable))
			if err != nil {
				continue
			}
			for _, target := range []string{prototype, strings.ToLower(prototype), strings.ToUpper(prototype)} {
				// Capital I is taken for small l, and is the capital of i only.
				if target != prototype && strings.ContainsAny(prototype+target, "lLiI") {
					continue
				}
				name := strings.ReplaceAll(around, "*", target)
				sameCase := name
				for _, name := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
					// One name has each capital I for an i, or each for an l.
					if name != sameCase && strings.EqualFold(prototype, "l") && unicode.IsUpper([]rune(confusable)[0]) && strings.Contains(around, "I") {
						continue
					}
					if _, err := Check(name); err != nil {
						continue
					}
					accepted = true
					if !SkeletonOf(name).Alike(SkeletonOf(fake)) {
						t.Errorf("%s and %s (%+q): got %q and %q, want them alike", name, fake, confusable, SkeletonOf(name), SkeletonOf(fake))
					}
				}
			}
		}
		if accepted {
			tried++
		}
	}
	t.Logf("%d characters", tried)
	if tried < 100 {
		t.Errorf("tried %d characters, want more", tried)
	}
}

func unhex(t *testing.T, hex string) string {
	var b strings.Builder
	for _, h := range strings.Fields(hex) {
		c, err := strconv.ParseInt(h, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteRune(rune(c))
	}
	return b.String()
}

func TestTheTableIsClosed(t *testing.T) {
	if !slices.IsSorted(lookalikes[:]) {
		t.Error("it is not in order")
	}
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if c >= 0xd800 && c < 0xe000 {
			continue
		}
		once, _ := skeleton(string(c), false)
		if twice, _ := skeleton(once, false); twice != once {
			t.Errorf("%U: got %+q, then %+q", c, once, twice)
		}
		if c < utf8.RuneSelf && lookalikesASCII[c] != 0 && string(lookalikesASCII[c]) != once {
			t.Errorf("%q: got %q by index, want %q", c, lookalikesASCII[c], once)
		}
		if IsNameRune(c) && once == "" {
			t.Errorf("%U is in names and looks like nothing", c)
		}
	}
}

func TestIgnorableIsDropped(t *testing.T) {
	for _, c := range []rune{0xad, 0x34f, 0x61c, 0x115f, 0x180b, 0x200b, 0x202e, 0x2060, 0x3164, 0xfe0f, 0xfeff, 0xe0101} {
		if got := SkeletonOf("pa" + string(c) + "ul"); got != SkeletonOf("paul") {
			t.Errorf("%U: got %+q, want it dropped", c, got)
		}
	}
	if got := SkeletonOf("12\u0600"); got == SkeletonOf("12") {
		t.Error("a number sign is dropped")
	}
}

func TestSkeletonOfASCIIAllocates(t *testing.T) {
	for name, want := range map[string]float64{"anna": 0, "Grandmother": 1, "PAUI": 2} {
		if got := testing.AllocsPerRun(10, func() { SkeletonOf(name) }); got != want {
			t.Errorf("%s: %v allocations, want %v", name, got, want)
		}
	}
}

func FuzzSkeleton(f *testing.F) {
	for _, tt := range goodNames {
		f.Add(tt.typed)
	}
	for _, tt := range badNames {
		f.Add(tt.typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		s := SkeletonOf(typed)
		if ascii, ok := skeletonASCII(typed); ok && ascii != skeletonUnicode(typed) {
			t.Fatalf("%q: got %q the short way", typed, ascii)
		}
		if folded := SkeletonOf(Fold(typed)); s[2] != folded[0] {
			t.Fatalf("%+q: got %+q, folded %+q", typed, s, folded)
		}
		name, err := Check(typed)
		if err != nil {
			return
		}
		s = SkeletonOf(name)
		for _, form := range s {
			again, _ := skeleton(form, false)
			if form == "" || !utf8.ValidString(form) || !norm.NFD.IsNormalString(form) || again != form {
				t.Fatalf("SkeletonOf(%+q) = %+q", name, s)
			}
		}
		for _, same := range []string{norm.NFD.String(name), Fold(name), strings.ToLower(name), strings.ToUpper(name)} {
			if Fold(same) == Fold(name) && !SkeletonOf(same).Alike(s) {
				t.Fatalf("%+q and %+q: got %+q and %+q", name, same, s, SkeletonOf(same))
			}
		}
	})
}

func BenchmarkSkeletonOf(b *testing.B) {
	for _, name := range []string{"anna", "Grandmother", "PAUI", strings.Repeat("I", MaxRunes), "Jürgen", "Павел", "花子", "नीता", "раul", strings.Repeat("щ", MaxRunes)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				SkeletonOf(name)
			}
		})
	}
}
