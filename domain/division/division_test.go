package division_test

import (
	"testing"

	"zhitong/domain/division"
)

func TestKnownCodes(t *testing.T) {
	t.Parallel()
	for code, name := range map[string]string{
		"34": "安徽省", "65": "新疆维吾尔自治区", "6532": "和田地区", "3401": "合肥市", "340102": "瑶海区",
		"340102001": "明光路街道", "653223": "皮山县", "653223100": "固玛镇", "653223100201": "固玛镇",
		"340100": "合肥市", "340000000000": "安徽省", "653223000000": "皮山县", "653223001": "街道",
	} {
		if err := division.Check("division", code); err != nil || division.Name(code) != name {
			t.Errorf("%s: %v, named %q, want %q", code, err, division.Name(code), name)
		}
	}
	for _, code := range []string{"", "11", "110101", "653223999", "653223999001", "65322310020x", "6532231002", "340102001001", "653221100", "皮山"} {
		if division.Check("division", code) == nil {
			t.Errorf("%q is known", code)
		}
	}
}

func TestWhoMayBePaired(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]bool{
		"3401": {true, false}, "340102": {true, false}, "340100": {true, false}, "34": {false, false}, "340102001": {false, false},
		"653223100": {false, true}, "653223100201": {false, true}, "653223": {false, false}, "6532": {false, false}, "653223999": {false, false},
	} {
		if got := [2]bool{division.IsAnhuiCityOrCounty(code), division.IsPishanTownshipOrVillage(code)}; got != want {
			t.Errorf("%s: Anhui city or county, Pishan township or village = %v, want %v", code, got, want)
		}
	}
}
