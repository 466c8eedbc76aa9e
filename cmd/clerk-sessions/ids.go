package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
)

// idKind is a kind of ids, which are read from flags and files.
type idKind struct {
	noun    string
	prefix  string
	columns []string // normalized names of a CSV column of such ids, preferred ones first
	reader  string   // an example of a command that reads such ids from stdin
}

var (
	userIDs = idKind{"user", "user_", []string{"userid", "clerkuserid", "clerkid", "user", "id"},
		"clerk-sessions revoke-all --users-file -"}
	sessionIDs = idKind{"session", "sess_", []string{"sessionid", "clerksessionid", "session", "id"},
		"clerk-sessions revoke -"}
	clientIDs = idKind{noun: "client", prefix: "client_"}
)

var idRest = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// valid reports whether id can be one of this kind.
func (k idKind) valid(id string) bool {
	rest, ok := strings.CutPrefix(id, k.prefix)
	return ok && idRest.MatchString(rest) && !k.header(id)
}

// several returns a flag function like text for ids. The flag may be repeated, or list
// several ids separated by commas.
func (k idKind) several(to *[]string) func(string) error {
	return nonEmpty(func(value string) error {
		for id := range strings.SplitSeq(value, ",") {
			if id = strings.TrimSpace(id); !k.valid(id) {
				return fmt.Errorf("want %s ids such as %s2abc", k.noun, k.prefix)
			}
			if !slices.Contains(*to, id) {
				*to = append(*to, id)
			}
		}
		return nil
	})
}

// one returns a flag function like text for one id.
func (k idKind) one(to *string) func(string) error {
	return nonEmpty(func(value string) error {
		if !k.valid(value) {
			return fmt.Errorf("want a %s id such as %s2abc", k.noun, k.prefix)
		}
		*to = value
		return nil
	})
}

// header reports whether a cell is the name of a column. Some names look like an id.
func (k idKind) header(cell string) bool {
	names := append(k.columns, k.noun+"name", k.noun+"email")
	return slices.Contains(names, normalize(cell)) && !strings.HasSuffix(cell, "_")
}

// normalize returns the name of a column in lower case, without separators.
func normalize(name string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))
}

// wrongID is the error for a line without a valid id.
type wrongID struct {
	text string
	line int
}

func (w *wrongID) Error() string { return fmt.Sprintf("%.40q in line %d", w.text, w.line) }

// checked returns id, or a *wrongID if it is not valid.
func (k idKind) checked(id string, line int) (string, error) {
	if !k.valid(id) {
		return "", &wrongID{id, line}
	}
	return id, nil
}

// collect returns the ids of a file without duplicates. The error lists invalid ids.
func (k idKind) collect(file string, ids iter.Seq2[string, error]) (all []string, err error) {
	const maxListed = 5
	seen := map[string]bool{}
	var wrong []string
	for id, err := range ids {
		var bad *wrongID
		switch {
		case errors.As(err, &bad):
			wrong = append(wrong, bad.Error())
		case err != nil:
			return nil, err
		case !seen[id]:
			seen[id] = true
			all = append(all, id)
		}
	}
	more := ""
	if n := len(wrong) - maxListed; n > 0 {
		wrong, more = wrong[:maxListed], fmt.Sprintf(" and %d more", n)
	}
	switch {
	case len(wrong) > 0:
		return nil, usagef("%s: want %s ids such as %s2abc, got %s%s",
			file, k.noun, k.prefix, strings.Join(wrong, ", "), more)
	case len(all) == 0:
		return nil, usagef("%s has no %s ids", file, k.noun)
	}
	return all, nil
}

// open returns the ids in a file, or on stdin for "-", and a name for error messages. The
// ids end with ctx. A file stays open until the program ends.
func (a *app) open(ctx context.Context, k idKind, file string) (name string, ids iter.Seq2[string, error], err error) {
	name, from := "stdin", a.in
	if file != "-" {
		if from, err = os.Open(file); err != nil {
			return "", nil, usagef("cannot read %s ids: %w", k.noun, err)
		}
		name = file
	}
	in, out := io.Pipe() // unlike a read of stdin, a read of the pipe can be interrupted
	context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(out, from)
		out.CloseWithError(err)
	}()
	return name, k.read(name, in), nil
}

// read yields the ids of a file: one on each line, or those in a named column of a CSV
// file. It skips blank lines, comments that begin with # and header rows, which
// concatenated files repeat. A *wrongID is about one line; any other error ends the
// sequence.
func (k idKind) read(name string, from io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := idReader{idKind: k, name: name, column: -1}
		lines := bufio.NewScanner(from)
		for lines.Scan() {
			r.line++
			id, err := r.id(lines.Text())
			if id == "" && err == nil {
				continue
			}
			var wrong *wrongID
			if !yield(id, err) || err != nil && !errors.As(err, &wrong) {
				return
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield("", usagef("%s: line %d is longer than 64 KiB", name, r.line+1))
		case err != nil:
			yield("", usagef("%s: line %d: %w", name, r.line+1, err))
		case r.record != "":
			yield("", usagef("%s: line %d: the quote is not closed", name, r.first))
		case r.comma != 0 && r.column < 0:
			yield("", usagef("%s: no column has the name %s_id or id", name, k.noun))
		}
	}
}

// idReader finds the ids in the lines of a file.
type idReader struct {
	idKind
	name string
	line int

	plain  bool   // a line without columns had an id
	comma  rune   // the separator of the columns; zero until a line has one
	column int    // the column of the ids; -1 before a header
	record string // the lines read of a record with an unfinished quoted field
	first  int    // the number of the record's first line
}

// id returns the id in a line, or "" if it has none.
func (r *idReader) id(line string) (string, error) {
	line = strings.TrimPrefix(line, "\ufeff") // on any line, for concatenated files
	if strings.ContainsRune(line, 0) {
		return "", usagef("%s: line %d has a NUL byte: save it as UTF-8, one id on each line", r.name, r.line)
	}
	id, _, _ := strings.Cut(line, "#")
	id = strings.TrimSpace(id)
	if r.comma == 0 && (strings.HasPrefix(id, "[") || strings.HasPrefix(id, "{")) {
		return "", usagef("%s: line %d is JSON: give one id on each line", r.name, r.line)
	}
	if r.comma == 0 && strings.ContainsAny(id, ",;\t") {
		r.comma = slices.MaxFunc([]rune("\t;,"), func(a, b rune) int {
			return cmp.Compare(strings.Count(id, string(a)), strings.Count(id, string(b)))
		})
	}
	if r.comma != 0 {
		return r.cell(line)
	}
	if n := len(id); n > 1 && (id[0] == '"' || id[0] == '\'') && id[n-1] == id[0] {
		id = id[1 : n-1]
	}
	if id == "" || r.header(id) {
		return "", nil
	}
	r.plain = true
	return r.checked(id, r.line)
}

// cell returns the id in a line of a CSV file.
func (r *idReader) cell(line string) (string, error) {
	if r.record == "" {
		r.first = r.line
	}
	record := r.record + line + "\n"
	if r.record = record; strings.Count(record, `"`)%2 != 0 && len(record) < bufio.MaxScanTokenSize {
		return "", nil // a quoted field has line breaks
	}
	r.record = ""
	rows := csv.NewReader(strings.NewReader(record))
	rows.Comma, rows.Comment, rows.TrimLeadingSpace = r.comma, '#', true
	row, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return "", nil // blank, or a comment
	}
	if err != nil {
		return "", usagef("%s: line %d: %w", r.name, r.first, errors.Unwrap(err))
	}
	for i, cell := range row {
		row[i] = strings.TrimSpace(cell)
	}
	// A later row may be a header only without an id: a cell such as "user" may be a role.
	isID := func(cell string) bool { return r.valid(cell) && !r.header(cell) }
	if r.column < 0 || !slices.ContainsFunc(row, isID) {
		for _, name := range r.columns {
			if i := slices.IndexFunc(row, func(cell string) bool { return normalize(cell) == name }); i >= 0 {
				r.column = i
				return "", nil
			}
		}
	}
	switch {
	case r.column < 0:
		return "", r.cutError(row)
	case r.column >= len(row):
		return r.checked("", r.first)
	}
	return r.checked(row[r.column], r.first)
}

// cutError returns the error for a file without a named column of ids. It suggests a cut
// command that extracts them. It is nil for a row without a valid id.
func (r *idReader) cutError(row []string) error {
	column := slices.IndexFunc(row, r.valid)
	switch {
	case column < 0:
		return nil
	case slices.ContainsFunc(row[column+1:], r.valid):
		return usagef("%s: line %d has several %s ids: give one on each line", r.name, r.first, r.noun)
	case r.plain:
		return usagef("%s: line %d has columns, but the lines before do not: give one id on each line", r.name, r.first)
	case strings.ContainsRune(strings.Join(row[:column], ""), r.comma), // cut does not know quotes
		strings.Contains(strings.Join(row, ""), "\n"):
		return usagef("%s: line %d: no column has a name such as %s_id: name it in the first line",
			r.name, r.first, r.noun)
	}
	cut := fmt.Sprintf("cut %s-f%d", map[rune]string{',': "-d, ", ';': "-d';' "}[r.comma], column+1)
	if r.name != "stdin" {
		cut += " '" + strings.ReplaceAll(r.name, "'", `'\''`) + "'"
	}
	if r.first > 1 {
		cut += fmt.Sprintf(" | tail -n +%d", r.first)
	}
	return usagef("%s: no column has a name such as %s_id; use: %s | %s", r.name, r.noun, cut, r.reader)
}
