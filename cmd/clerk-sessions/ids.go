package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// idKind is a kind of ids that are read from arguments and files.
type idKind struct {
	noun    string
	prefix  string
	columns []string // names of a CSV column that holds them, normalized, best first
	reader  string   // a command that reads them from stdin
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

// check returns the error for the value of a flag that cannot be an id of this kind.
func (k idKind) check(flag, id string) error {
	if id == "" || k.valid(id) {
		return nil
	}
	return usagef("--%s %.40q is not a valid %s id: want one such as %s2abc", flag, id, k.noun, k.prefix)
}

// header reports whether a cell is the name of a column. Some names look like an id:
// user_id, user_email.
func (k idKind) header(cell string) bool {
	name := normalize(cell)
	return !strings.HasSuffix(cell, "_") && (slices.Contains(k.columns, name) ||
		slices.Contains([]string{k.noun + "s", k.noun + "name", k.noun + "email", "ids"}, name))
}

func normalize(name string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))
}

// wrongID is a line that does not hold a valid id.
type wrongID struct {
	text string
	line int
}

func (w *wrongID) Error() string { return fmt.Sprintf("%.40q in line %d", w.text, w.line) }

const maxLine = 64 << 10

// read yields the ids of a file: one on each line, or those in the column of a CSV file
// that is named for them. It skips blank lines, comments that begin with # and header
// rows, which concatenated files repeat. A *wrongID is about one line; any other error
// ends the sequence.
func (k idKind) read(name string, from io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReaderSize(from, maxLine)
		if start, _ := in.Peek(3); bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
			_, _ = in.Discard(3)
		}
		plain := false // a line without columns was read
		for n := 1; ; n++ {
			raw, err := in.ReadSlice('\n')
			if err != nil && err != io.EOF {
				yield("", usagef("%s: line %d: %w", name, n, tooLong(err)))
				return
			}
			if bytes.IndexByte(raw, 0) >= 0 {
				yield("", usagef("%s: line %d has a NUL byte: save it as UTF-8, one id on each line", name, n))
				return
			}
			id, _, _ := strings.Cut(string(raw), "#")
			id = strings.TrimSpace(id)
			if !plain && strings.ContainsAny(id, ",;\t") {
				k.readCSV(name, n, io.MultiReader(bytes.NewReader(bytes.Clone(raw)), in), delimiter(id), yield)
				return
			}
			id = unquote(id)
			plain = plain || id != ""
			if id != "" && !k.header(id) && !k.yield(yield, id, n) || err == io.EOF {
				return
			}
		}
	}
}

func tooLong(err error) error {
	if errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("longer than %d KiB", maxLine>>10)
	}
	return err
}

func unquote(id string) string {
	if n := len(id); n >= 2 && (id[0] == '"' || id[0] == '\'') && id[n-1] == id[0] {
		return id[1 : n-1]
	}
	return id
}

// yield yields an id of line n, or the error that it is not valid.
func (k idKind) yield(yield func(string, error) bool, id string, n int) bool {
	if !k.valid(id) {
		return yield("", &wrongID{id, n})
	}
	return yield(id, nil)
}

// readCSV yields the ids in the column that is named for them. from begins at line
// first of the file.
func (k idKind) readCSV(name string, first int, from io.Reader, comma rune, yield func(string, error) bool) {
	rows := csv.NewReader(from)
	rows.Comma, rows.Comment, rows.FieldsPerRecord, rows.TrimLeadingSpace = comma, '#', -1, true
	column := -1
	for {
		row, err := rows.Read()
		if err == io.EOF && column >= 0 {
			return
		}
		if err != nil {
			yield("", usagef("%s: cannot find the %s ids among the columns: %w", name, k.noun, err))
			return
		}
		line, _ := rows.FieldPos(0)
		line += first - 1
		if i := k.column(row); i >= 0 {
			column = i
			continue
		}
		if column < 0 {
			if err := k.cutError(name, line, row, comma); err != nil {
				yield("", err)
				return
			}
			continue
		}
		id := ""
		if column < len(row) {
			id = strings.TrimSpace(row[column])
		}
		if !k.yield(yield, id, line) {
			return
		}
	}
}

// delimiter returns the most frequent of comma, semicolon and tab.
func delimiter(line string) rune {
	best := ','
	for _, r := range ";\t" {
		if strings.Count(line, string(r)) > strings.Count(line, string(best)) {
			best = r
		}
	}
	return best
}

// column returns the index of the cell that names the column of ids, or -1.
func (k idKind) column(row []string) int {
	for _, name := range k.columns {
		for i, cell := range row {
			if normalize(strings.TrimSpace(cell)) == name {
				return i
			}
		}
	}
	return -1
}

// cutError names the command that takes the ids out of a file whose header does not
// name their column. It returns nil for a row without a valid id.
func (k idKind) cutError(name string, line int, row []string, comma rune) error {
	isID := func(cell string) bool { return k.valid(strings.TrimSpace(cell)) }
	column := slices.IndexFunc(row, isID)
	switch {
	case column < 0:
		return nil
	case slices.ContainsFunc(row[column+1:], isID):
		return usagef("%s: line %d has several %s ids: give one on each line", name, line, k.noun)
	}
	if slices.ContainsFunc(row[:column], func(cell string) bool { return strings.ContainsRune(cell, comma) }) {
		return usagef("%s: line %d: no column has a name such as %s_id: name it in the first line", name, line, k.noun)
	}
	cut := fmt.Sprintf("cut %s-f%d", map[rune]string{',': "-d, ", ';': "-d';' "}[comma], column+1)
	if name != "stdin" {
		cut += " " + shellQuote(name)
	}
	if line > 1 {
		cut += fmt.Sprintf(" | tail -n +%d", line)
	}
	return usagef("%s: no column has a name such as %s_id; use: %s | %s", name, k.noun, cut, k.reader)
}

var plainName = regexp.MustCompile(`^[\w./][\w./-]*$`)

func shellQuote(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
