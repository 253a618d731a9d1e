"""Makes the fonts of this folder from their originals. Run once, with fonttools.

usage: subset.py NotoSansSC_400Regular.ttf NotoNaskhArabic_400Regular.ttf Unihan_OtherMappings.txt OUTDIR
"""
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

sans, naskh, unihan, out = sys.argv[1:]

# The 8,105 characters of the General Standard Chinese Characters (kTGH), and those of
# GB 2312, which has a few more.
han = set()
for line in open(unihan, encoding="utf-8"):
    f = line.rstrip("\n").split("\t")
    if len(f) == 3 and f[1] == "kTGH" and len(f[0]) == 6:  # a PDF font here reaches U+FFFF
        han.add(int(f[0][2:], 16))
for a in range(0xA1, 0xF8):
    for b in range(0xA1, 0xFF):
        try:
            han.add(ord(bytes([a, b]).decode("gb2312")))
        except UnicodeDecodeError:
            pass
# Latin, punctuation, signs, full width forms; names: a few characters outside of the standard.
for first, last in [(0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2027), (0x2030, 0x203E), (0x20A0, 0x20BF), (0x2100, 0x214F),
                    (0x2150, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x257F),
                    (0x25A0, 0x25FF), (0x2600, 0x2613), (0x2713, 0x2718), (0x3000, 0x303F), (0xFF00, 0xFFEF), (0x4DAE, 0x4DAE), (0x3447, 0x3447)]:
    han.update(range(first, last + 1))

arabic = set(range(0x0600, 0x0700)) | set(range(0xFB50, 0xFE00)) | set(range(0xFE70, 0xFF00)) | set(range(0x20, 0x7F)) | {0xAB, 0xBB, 0x2013, 0x2014, 0x200C, 0x200D, 0x200E, 0x200F}

def make(source, keep, target):
    font = TTFont(source, recalcTimestamp=False)
    o = subset.Options()
    o.layout_features = []          # the program shapes by itself
    o.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG", "meta"]
    o.hinting = False
    o.notdef_outline = True
    o.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    o.name_languages = [0x409]
    o.glyph_names = False
    s = subset.Subsetter(o)
    s.populate(unicodes=sorted(keep))
    s.subset(font)
    font.save(target, reorderTables=True)
    print(target, len(font.getBestCmap()))

make(sans, han, out + "/NotoSansSC-Regular.ttf")
make(naskh, arabic, out + "/NotoNaskhArabic-Regular.ttf")
