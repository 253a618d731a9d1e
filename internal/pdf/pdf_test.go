package pdf_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"zhitong/internal/pdf"
)

var created = time.Date(2021, 6, 30, 0, 0, 0, 0, time.UTC)

func zh(page, pages int) string { return fmt.Sprintf("第 %d 页，共 %d 页", page, pages) }

func sample(rtl bool) *pdf.Document {
	d := pdf.New(pdf.Options{Title: "证据包", RTL: rtl, Lang: "zh-CN", Created: created, Footer: zh, Mark: "claim S-1.SGYD · 3f9a"})
	d.Title("证据包 Evidence ئىسپات بوغچىسى")
	d.Pairs([][2]string{
		{"关于", "claim S20200503-01-1.SGYD"},
		{"合作社", "皮山县团结合作社（Ittipaq）ئىتتىپاق كوپىراتىپى"},
		{"清单", strings.Repeat("3f9a", 40)},
		{"姓名", "喆 堃 玥 䶮 㑇；ئابدۇللا (ZT-1). 2026-يىلى 12.50 يۈەن 𬬭"},
	})
	d.Heading(1, "逐行计算")
	d.Paragraph("先按验收合格的数量计算，再按各出资方的比例分配到分；余数按固定次序结转。在任何一台机器上、不联网，运行：zhitong audit verify 本文件.zip --key 公钥文件。" + strings.Repeat("核验。", 40))
	d.Paragraph("تورسۇن ئەپەندى 2021-يىلى 3-ئاينىڭ 10-كۈنى 235.000 كىلوگرام (PO-1) قىزىل چىلان تاپشۇرۇپ بەردى، جەمئىي 105.75 يۈەن.")
	rows := [][]string{}
	for i := range 60 {
		rows = append(rows, []string{fmt.Sprint(i + 1), "zhitong.claim.assessed.v1", "OF-1 (officer, cli)", "2021-03-10T09:00:00+08:00", "验收 94 箱，235.000 kg × 36.90 = 3,468.60 " + strings.Repeat("详 ", i%7), "1,234,567.89"})
	}
	d.Table(pdf.Table{Columns: []pdf.Column{{Title: "序", Share: 1, Align: pdf.End}, {Title: "事件", Share: 4}, {Title: "经办", Share: 3}, {Title: "发生时间", Share: 4}, {Title: "内容", Share: 6}, {Title: "金额（元）", Share: 3, Align: pdf.End}},
		Rows: rows, Total: []string{"", "合计", "", "", "", "74,074,073.40"}})
	d.Note("说明：〔U+…〕 为字体所缺之字。")
	return d
}

func TestTheSameContentGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	a, err := sample(false).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b, err := sample(false).Bytes()
	if err != nil || !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-")) {
		t.Errorf("made again it is another file (%v)", err)
	}
	if path := os.Getenv("ZHITONG_TEST_KEEP_PDF"); path != "" {
		r, err := sample(true).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".rtl.pdf", r, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, a, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMissingGlyphIsReportedAndNeverAnEmptyBox(t *testing.T) {
	t.Parallel()
	if got := sample(false).Missing(); string(got) != "𬬭" {
		t.Errorf("missing: %q", got)
	}
}

func TestTheFontsAreThoseOfTheVendorNote(t *testing.T) {
	t.Parallel()
	note, err := os.ReadFile("fonts/VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"NotoSansSC-Regular.ttf", "NotoNaskhArabic-Regular.ttf"} {
		b, err := os.ReadFile("fonts/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		if !bytes.Contains(note, []byte(hex.EncodeToString(sum[:]))) {
			t.Errorf("%s is not the file that VENDOR.md names", name)
		}
	}
}
