// Package pdf writes pages that people print and sign: headings, paragraphs, pairs
// and tables in Chinese, Uyghur and English, also mixed, with page numbers.
//
// It owns fonts, shaping, the order of right-to-left text, line and page breaks. The
// same content gives the same bytes, so that a document's hash can be recorded. It
// refuses to know what the pages say, and to draw an empty box: a character without a
// glyph is written as its number and reported. Start reading at [Document].
//
// # How a line comes to be
//
// Text is shaped while it is in logical order: Arabic letters become the presentation
// form that joins with their neighbours ([shape]), since fonts are used without their
// layout tables. Then it is broken into lines, and each line is put into visual order
// by the rules of Unicode's bidirectional algorithm without embeddings ([visual]).
// Then it is cut by font and drawn.
//
// Text copied out of such a file has presentation forms, which normalization (NFKC)
// turns into letters, and a file has no tags: the HTML of the same content is the
// accessible one.
package pdf
