package api

import (
	"bufio"
	"encoding/csv"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"zhitong/projections"
	"zhitong/web/problem"
)

// form is a form in which rows are given.
type form interface {
	// write writes the header that is left and the rows. An error is the client's
	// having gone.
	write(http.ResponseWriter, *projections.Rows)
}

// formOf is the form that the request accepts: JSON unless it prefers CSV.
func formOf(r *http.Request, values map[string][]string) (form, error) {
	bom, err := yes(values, "bom")
	if err != nil {
		return nil, err
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	best, chosen := 0.0, ""
	for _, part := range strings.Split(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			weight = q
		}
		switch kind {
		case "*/*", "application/*", "application/json":
			kind = "application/json"
		case "text/*", "text/csv":
			kind = "text/csv"
		default:
			continue
		}
		if weight > best {
			best, chosen = weight, kind
		}
	}
	switch {
	case chosen == "text/csv":
		return csvForm{bom}, nil
	case bom:
		return nil, problem.Parameter("bom", "1", "a byte order mark belongs to Accept: text/csv")
	case chosen == "application/json" || strings.TrimSpace(accept) == "":
		return jsonForm{}, nil
	}
	return nil, problem.NotAcceptable(accept, "application/json or text/csv")
}

// jsonForm is an array of objects.
type jsonForm struct{}

func (jsonForm) write(w http.ResponseWriter, rows *projections.Rows) {
	w.Header().Set("Content-Type", "application/json")
	b := bufio.NewWriterSize(w, 16<<10)
	defer b.Flush()
	b.WriteByte('[')
	var line []byte
	for i := range rows.Values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		line = rows.AppendLine(line[:0], i)
		if _, err := b.Write(line); err != nil {
			return
		}
	}
	if len(rows.Values) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
}

// csvForm is RFC 4180 for spreadsheets: no cell is taken for a formula.
type csvForm struct{ bom bool }

func (f csvForm) write(w http.ResponseWriter, rows *projections.Rows) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+rows.View+`.csv"`)
	if f.bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return
		}
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if c.Write(rows.Schema.ColumnNames()) != nil {
		return
	}
	record := make([]string, len(rows.Schema.Columns))
	for _, row := range rows.Values {
		for i, v := range row {
			record[i] = v.Text
			if v.Null {
				record[i] = ""
			}
			if t := rows.Schema.Columns[i].Type; t == projections.Text || t == projections.JSON {
				record[i] = plainText(record[i])
			}
		}
		if c.Write(record) != nil {
			return
		}
	}
	c.Flush()
}

// plainText puts an apostrophe before what a spreadsheet would take for a formula.
func plainText(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
