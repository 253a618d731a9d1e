package demo

import (
	"fmt"

	"zhitong/domain"
)

// person is a party of the programme.
type person struct {
	id       string
	name     domain.Name
	division string
	channel  string // of a buyer
	city     int    // index in cities
	uscc     string
	farmers  int
	payee    object
	waybills map[int]int // of a cooperative: the last waybill number of a year
}

// place is a division with its code.
type place struct {
	code, zh, ug, en string
}

// townships are Pishan's seven towns and nine townships (codes of 2023). The
// Uyghur and English forms are the demo's transliterations.
var townships = []place{
	{"653223100", "固玛镇", "گۇما", "Guma"},
	{"653223101", "杜瓦镇", "دۇۋا", "Duwa"},
	{"653223102", "赛图拉镇", "شەيدۇللا", "Saitula"},
	{"653223103", "木吉镇", "موجى", "Moji"},
	{"653223104", "阔什塔格镇", "قوشتاغ", "Koshtagh"},
	{"653223105", "桑株镇", "سانجۇ", "Sanju"},
	{"653223106", "科克铁热克镇", "كۆكتېرەك", "Kokterek"},
	{"653223201", "克里阳乡", "كىلىيان", "Kiliyang"},
	{"653223205", "乔达乡", "چودا", "Choda"},
	{"653223206", "木奎拉乡", "مۇكۇيلا", "Mukuyla"},
	{"653223207", "藏桂乡", "زاڭگۇي", "Zanggui"},
	{"653223208", "皮亚勒玛乡", "پىيالما", "Piyalma"},
	{"653223209", "皮西那乡", "پىشنا", "Pishna"},
	{"653223210", "巴什兰干乡", "باشلەڭگەر", "Bashlenger"},
	{"653223211", "垴阿巴提塔吉克民族乡", "نوئاباد", "Noabat"},
	{"653223212", "康克尔柯尔克孜民族乡", "كەڭقىر", "Kengkir"},
}

// cities are six cities of Anhui; which six is the demo's own choice.
var cities = []place{
	{"3401", "合肥", "خېفېي", "Hefei"},
	{"3402", "芜湖", "ۋۇخۇ", "Wuhu"},
	{"3403", "蚌埠", "بېڭبۇ", "Bengbu"},
	{"3404", "淮南", "خۇەينەن", "Huainan"},
	{"3405", "马鞍山", "مائەنشەن", "Ma'anshan"},
	{"3408", "安庆", "ئەنچىڭ", "Anqing"},
}

// channels are the four kinds of buyers.
var channels = []struct{ id, suffix, zh, ug, en string }{
	{"agencies", "AG", "机关事务食堂", "ئورگان ئاشخانىسى", "Agencies canteen"},
	{"schools", "SC", "学校联合采购", "مەكتەپ سېتىۋېلىشى", "Schools purchasing"},
	{"enterprises", "EN", "企业工会福利社", "كارخانا ئىشچىلار ئۇيۇشمىسى", "Enterprise unions"},
	{"communities", "CM", "社区直销店", "مەھەللە دۇكىنى", "Community shops"},
}

// The people who keep the books; each pair of hands that the rules want apart has
// its own id.
const (
	operator     = "U-OP1"
	officer      = "U-OFF1"
	secondOffice = "U-OFF2"
	dispatcher   = "U-DIS1"
	receiver     = "U-DIS2" // inspects where the buyer does not
	reviewer     = "U-DIS3" // corrects inspections
	treasurer    = "U-FIN1"
)

// carriers run the lorries.
var carriers = []struct{ id, zh, ug, en string }{
	{"K-HT", "和田直通物流", "خوتەن لوگىستىكىسى", "Hotan Direct Freight"},
	{"K-WH", "皖和冷链运输", "ۋەنخې توشۇش", "Wanhe Cold Chain"},
	{"K-KL", "昆仑运输车队", "قۇرۇم توشۇش", "Kunlun Fleet"},
}

// funders each bear a bit; shares are those of the demo policy.
var funders = []struct{ id, budget, share, zh, ug, en string }{
	{"F-PROV", "PROV", "0.40", "援疆省级资金", "ئۆلكە مەبلىغى", "Supporting province"},
	{"F-CITY", "CITY", "0.30", "结对城市资金", "شەھەر مەبلىغى", "Paired cities"},
	{"F-CNTY", "CNTY", "0.20", "皮山县财政", "گۇما ناھىيىسى", "Pishan county"},
	{"F-ENT", "ENT", "0.10", "参与企业", "كارخانىلار", "Taking part enterprises"},
}

func cooperatives(r *random) []*person {
	var out []*person
	for i, t := range townships {
		out = append(out, &person{
			id: fmt.Sprintf("C%02d", i+1),
			name: domain.Name{
				Zh: domain.Text(t.zh + "农民专业合作社"),
				Ug: domain.Text(t.ug + " دېھقانلار كوپىراتىپى"),
				En: domain.Text(t.en + " Farmers' Cooperative"),
			},
			division: t.code,
			uscc:     uscc("93", "653223", fmt.Sprintf("MA99%04d", i+1)),
			farmers:  r.between(60, 420),
			payee: object{
				"account_name": t.zh + "农民专业合作社（演示）",
				"bank":         "演示银行皮山支行",
				"account_no":   fmt.Sprintf("000036900000%04d", i+1),
			},
			waybills: map[int]int{},
		})
	}
	return out
}

func buyers() []*person {
	var out []*person
	for i, c := range cities {
		for j, ch := range channels {
			out = append(out, &person{
				id: "B" + c.code + "-" + ch.suffix,
				name: domain.Name{
					Zh: domain.Text(c.zh + ch.zh), Ug: domain.Text(c.ug + " " + ch.ug), En: domain.Text(c.en + " " + ch.en),
				},
				division: c.code,
				channel:  ch.id,
				city:     i,
				uscc:     uscc("91", c.code+"00", fmt.Sprintf("MA98%02d%02d", i+1, j+1)),
			})
		}
	}
	return out
}
