package demo

import "zhitong/domain"

// item is a kind of produce with its seasons. Prices are fen per kg by month, 0
// out of season. Those of 冬枣, 青皮核桃, 石榴, 新疆杏 and 哈密瓜 follow the monthly
// means of a Beijing wholesale market in 2013–2015, rounded; those of dried goods,
// roses and meat are the demo's own. Shares say how often a line is this item.
type item struct {
	id        string
	name      domain.Name
	category  string
	unit      string // the unit that whole lots are sold in, besides kg
	unitGrams int64
	weighed   bool // each lot is weighed: the unit is an animal
	loss      string
	hs        string
	price     [12]int64
	share     [12]int
}

// all is the same value in every month.
func all[T any](v T) (out [12]T) {
	for i := range out {
		out[i] = v
	}
	return out
}

// Months that the seasons below are written in.
const (
	jan = iota
	feb
	mar
	apr
	may
	jun
	jul
	aug
	sep
	oct
	nov
	dec
)

var goods = []item{
	{
		id: "jujube", name: domain.Name{Zh: "红枣", Ug: "چىلان", En: "Dried red dates"}, category: "dried",
		unit: "box", unitGrams: 2500, loss: "0.01", hs: "08134020",
		price: [12]int64{1280, 1310, 1330, 1350, 1370, 1400, 1420, 1440, 1380, 1260, 1220, 1240}, share: all(30),
	},
	{
		id: "walnut", name: domain.Name{Zh: "薄皮核桃", Ug: "ياڭاق", En: "Thin-shelled walnuts"}, category: "nuts",
		unit: "bag", unitGrams: 10000, loss: "0.01", hs: "08023100",
		price: [12]int64{1440, 1460, 1490, 1510, 1510, 1530, 1530, 1540, 1420, 1380, 1380, 1400}, share: all(20),
	},
	{
		id: "raisin", name: domain.Name{Zh: "葡萄干", Ug: "قۇرۇق ئۈزۈم", En: "Raisins"}, category: "dried",
		unit: "box", unitGrams: 5000, loss: "0.01", hs: "08062000",
		price: [12]int64{1760, 1780, 1800, 1810, 1830, 1830, 1850, 1850, 1740, 1690, 1690, 1720}, share: all(10),
	},
	{
		id: "almond", name: domain.Name{Zh: "巴旦木", Ug: "بادام", En: "Almonds"}, category: "nuts",
		unit: "jin", unitGrams: 500, loss: "0.01", hs: "08021100",
		price: all[int64](3700), share: all(3),
	},
	{
		id: "dried-apricot", name: domain.Name{Zh: "杏干", Ug: "ئۈرۈك قېقى", En: "Dried apricots"}, category: "dried",
		unit: "box", unitGrams: 2500, loss: "0.01", hs: "08131000",
		price: [12]int64{2220, 2240, 2260, 2280, 2290, 2290, 2220, 2150, 2150, 2170, 2190, 2200}, share: all(5),
	},
	{
		id: "winter-jujube", name: domain.Name{Zh: "冬枣", Ug: "قىشلىق چىلان", En: "Winter jujubes"}, category: "fresh",
		unit: "basket", unitGrams: 4000, loss: "0.03", hs: "08109030",
		price: [12]int64{jan: 1334, aug: 650, sep: 1253, oct: 883, nov: 1082, dec: 1241},
		share: [12]int{jan: 3, aug: 4, sep: 10, oct: 14, nov: 12, dec: 7},
	},
	{
		id: "green-walnut", name: domain.Name{Zh: "青皮核桃", Ug: "كۆك ياڭاق", En: "Green walnuts"}, category: "fresh",
		unit: "jin", unitGrams: 500, loss: "0.03", hs: "08023100",
		price: [12]int64{jul: 413, aug: 499, sep: 636}, share: [12]int{jul: 6, aug: 10, sep: 8},
	},
	{
		id: "pomegranate", name: domain.Name{Zh: "石榴", Ug: "ئانار", En: "Pomegranates"}, category: "fresh",
		unit: "crate", unitGrams: 10000, loss: "0.02", hs: "08109090",
		price: [12]int64{jan: 810, feb: 812, mar: 713, sep: 765, oct: 739, nov: 821, dec: 811},
		share: [12]int{jan: 8, feb: 6, mar: 3, sep: 12, oct: 18, nov: 16, dec: 12},
	},
	{
		id: "apricot", name: domain.Name{Zh: "鲜杏", Ug: "ئۈرۈك", En: "Fresh apricots"}, category: "fresh",
		unit: "basket", unitGrams: 4000, loss: "0.03", hs: "08091000",
		price: [12]int64{may: 2743, jun: 2007, jul: 2035, aug: 2282}, share: [12]int{may: 2, jun: 6, jul: 4, aug: 1},
	},
	{
		id: "melon", name: domain.Name{Zh: "哈密瓜", Ug: "قوغۇن", En: "Hami melons"}, category: "fresh",
		unit: "jin", unitGrams: 500, loss: "0.03", hs: "08071920",
		price: [12]int64{jun: 386, jul: 264, aug: 231, sep: 284, oct: 348}, share: [12]int{jun: 6, jul: 12, aug: 14, sep: 12, oct: 4},
	},
	{
		id: "rose", name: domain.Name{Zh: "玫瑰花", Ug: "قىزىلگۈل", En: "Dried roses"}, category: "flowers",
		unit: "box", unitGrams: 500, loss: "0.02", hs: "12119039",
		price: all[int64](6000), share: all(1),
	},
	{
		id: "duck", name: domain.Name{Zh: "昆仑鸭", Ug: "ئۆردەك", En: "Ducks"}, category: "meat",
		unit: "head", unitGrams: 2500, weighed: true, loss: "0.01", hs: "02074100",
		price: all[int64](2150), share: all(4),
	},
	{
		id: "mutton", name: domain.Name{Zh: "皮山羊肉", Ug: "قوي گۆشى", En: "Mutton"}, category: "meat",
		unit: "carcass", unitGrams: 16000, weighed: true, loss: "0.01", hs: "02041000",
		price: all[int64](5000), share: all(1),
	},
}

// units are the item's own units with their kg; kg, jin and t are known anyway.
func (g *item) units() object {
	if g.unit == "jin" {
		return object{}
	}
	return object{g.unit: domain.KgFromGrams(g.unitGrams).String()}
}

// ItemName is the name of one of the programme's items; empty for any other.
func ItemName(id string) domain.Name {
	for i := range goods {
		if goods[i].id == id {
			return goods[i].name
		}
	}
	return domain.Name{}
}
