package main

import (
	"context"
	"strings"
	"unicode/utf8"

	"famchat/internal/names"
	"famchat/internal/nearest"
	"famchat/plugins"
)

const white = " \n"

// msg writes to one person in private.
func msg(_ context.Context, c plugins.Call) plugins.Result {
	name, text := cutName(strings.TrimPrefix(c.Args, "@"))
	if name == "" {
		return refuse(c, "say to whom and what: /msg name text.")
	}
	to, found := called(c.Members, name)
	switch {
	case !found:
		return refuse(c, unknownName(c.Members, name))
	case text == "":
		return refuse(c, "say what to tell "+to.Name+": /msg "+to.Name+" and the text.")
	}
	return plugins.Do(plugins.WriteTo(to.ID, text))
}

// reply writes to whoever last wrote to the caller in private.
func reply(_ context.Context, c plugins.Call) plugins.Result {
	to := c.LastPrivate
	switch {
	case to.ID == 0:
		return refuse(c, "there is nobody to reply to: nobody has written to you in private, or they have left.")
	case c.Args == "":
		return refuse(c, "say what to reply to "+to.Name+": /reply and the text.")
	}
	return plugins.Do(plugins.WriteTo(to.ID, c.Args))
}

// cutName cuts "name text", "name: text" and the like into the two, as the room
// does after an @.
func cutName(s string) (name, text string) {
	n := strings.IndexFunc(s, func(r rune) bool { return !names.IsNameRune(r) })
	if n < 0 {
		n = len(s)
	}
	name = strings.TrimRight(s[:n], "-_.")
	text = s[len(name):]
	switch next, _ := utf8.DecodeRuneInString(text); {
	case name == "" || text == "" || strings.ContainsRune(white, next):
	case strings.ContainsRune(",:;.!?", next):
		text = text[1:]
	default:
		// "mum's": no name ends here, so all of the word was meant as one.
		if n = strings.IndexAny(s, white); n < 0 {
			n = len(s)
		}
		name, text = s[:n], s[n:]
	}
	return name, strings.Trim(text, white)
}

// called returns who is here by a name, however it is typed, or else by the one
// name that looks like it: where two do, nobody is meant for certain.
func called(here []plugins.Member, typed string) (m plugins.Member, found bool) {
	folded, isName := names.AppendFold(nil, []byte(typed))
	if !isName {
		return plugins.Member{}, false
	}
	for _, m := range here {
		if names.Fold(m.Name) == string(folded) {
			return m, true
		}
	}
	looks := names.SkeletonOf(typed)
	for _, other := range here {
		if !names.SkeletonOf(other.Name).Alike(looks) {
			continue
		}
		if found {
			return plugins.Member{}, false
		}
		m, found = other, true
	}
	return m, found
}

// unknownName says that nobody is called so, and who may be meant.
func unknownName(here []plugins.Member, typed string) string {
	near := nearest.New(names.Fold(typed))
	nameOf := map[string]string{}
	for _, m := range here {
		folded := names.Fold(m.Name)
		nameOf[folded] = m.Name
		near.Try(folded)
	}
	sentence := `nobody here is called "` + typed + `"`
	found := near.Best()
	if len(found) == 0 {
		return sentence + "."
	}
	for i, folded := range found {
		found[i] = nameOf[folded]
	}
	return sentence + "; did you mean " + alternatives(found) + "?"
}
