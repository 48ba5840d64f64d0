package emulator

import "testing"

func TestColours(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	site, space := "/rest/api/color-scheme", "/rest/api/space/HR/color-scheme"
	equal(t, "at first", b.do(200, "GET", site, nil).str("colorSchemeModelLight.linkColor"), "#0052cc")
	b.do(200, "PUT", site, object{"colorSchemeModelLight": object{"linkColor": "#111111"}})
	equal(t, "space follows the site", b.do(200, "GET", space, nil).str("colorSchemeModelLight.linkColor"), "#111111")
	equal(t, "type", b.do(200, "GET", space+"/type", nil).str("type"), "global")
	b.do(200, "PUT", space, object{"colorSchemeModelDark": object{"topBarColor": "#222222"}})
	equal(t, "own", b.do(200, "GET", space, nil).str("colorSchemeModelDark.topBarColor"), "#222222")
	equal(t, "type", b.do(200, "GET", space+"/type", nil).str("type"), "custom")
	b.do(200, "PUT", space+"/reset", nil)
	b.do(200, "PUT", space+"/type", object{"type": "custom"})
	b.do(200, "PUT", space+"/type", object{"type": "global"})
	equal(t, "reset", b.do(200, "PUT", site+"/reset", nil).str("colorSchemeModelLight.linkColor"), "#0052cc")
	equal(t, "default", b.do(200, "GET", site+"/default", nil).str("colorSchemeModelDark.linkColor"), "#0052cc")
	b.do(400, "PUT", site, object{"colorSchemeModelLight": object{"linkColor": "red"}})
	b.do(400, "PUT", space+"/type", object{"type": "rainbow"})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(403, "PUT", space, object{})
	b.as("eve").do(403, "PUT", site, object{})
	b.do(404, "GET", "/rest/api/space/NONE/color-scheme", nil)
}
