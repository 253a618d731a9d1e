package payment

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/xuri/excelize/v2"
)

// header are the columns of the payment file.
var header = []string{"batch_id", "line_no", "claim_id", "payee_id", "account_name", "bank", "account_no", "amount", "missing"}

// The first cells of the rows behind the transfers.
const (
	rowLines  = "#lines"
	rowTotal  = "#total"
	rowSHA256 = "#sha256"
)

// rows are the transfers as texts.
func (t *Transfers) rows() [][]string {
	rows := make([][]string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = []string{string(t.BatchID), strconv.Itoa(r.LineNo), string(r.ClaimID), string(r.PayeeID),
			string(r.AccountName), string(r.Bank), string(r.AccountNo), r.Amount.String(), r.Missing}
	}
	return rows
}

// Checksum is the hex SHA-256 of the canonical rows; see the package comment.
func (t *Transfers) Checksum() (string, error) {
	h := sha256.New()
	for _, row := range t.rows() {
		line, err := json.Marshal(row)
		if err != nil {
			return "", err
		}
		h.Write(append(line, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sheet is everything of the file, row by row.
func (t *Transfers) sheet() ([][]string, error) {
	sum, err := t.Checksum()
	if err != nil {
		return nil, err
	}
	all := append([][]string{header}, t.rows()...)
	for _, end := range [][2]string{{rowLines, strconv.Itoa(len(t.Rows))}, {rowTotal, t.Total.String()}, {rowSHA256, sum}} {
		row := make([]string, len(header))
		row[0], row[1] = end[0], end[1]
		all = append(all, row)
	}
	return all, nil
}

// WriteCSV writes the file as CSV.
func (t *Transfers) WriteCSV(w io.Writer) error {
	all, err := t.sheet()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range all {
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formula are the beginnings that a spreadsheet takes for a formula.
const formula = "=+-@\t\r\n＝＋－＠"

// harmless is a cell that no spreadsheet reckons: one that looks like a formula, or
// like a cell that was made harmless, begins with an apostrophe.
func harmless(cell string) string {
	if strings.HasPrefix(cell, "'") || cell != "" && strings.ContainsRune(formula, []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}

// plain undoes harmless.
func plain(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && harmless(rest) != rest {
		return rest
	}
	return cell
}

// textFormat is the number format of a cell that stays text when it is edited.
const textFormat = 49

// WriteXLSX writes the file as a worksheet of texts.
func (t *Transfers) WriteXLSX(w io.Writer) error {
	all, err := t.sheet()
	if err != nil {
		return err
	}
	f := excelize.NewFile()
	defer f.Close()
	const name = "Sheet1"
	style, err := f.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return err
	}
	for y, row := range all {
		for x, cell := range row {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(name, at, cell); err != nil {
				return err
			}
			if err := f.SetCellStyle(name, at, at, style); err != nil {
				return err
			}
		}
	}
	return f.Write(w)
}
