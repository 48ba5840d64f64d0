package bench

import (
	"fmt"
	"html"
	"math/rand/v2"
	"strconv"
)

// Script is a writing system.
type Script int

// The scripts.
const (
	Latin Script = iota
	Cyrillic
	CJK
	Arabic
	scripts = iota
)

// vocabulary is what generated texts are made of. The texts mean nothing; their bytes are like those of real ones.
var vocabulary = [scripts][]string{
	Latin: {
		"the", "a", "of", "to", "and", "in", "for", "with", "on", "from", "release", "server", "team", "customer", "plan", "review",
		"meeting", "Größe", "Übersicht", "Prüfung", "façade", "naïve", "coördinate", "señal", "año", "niño", "Straße", "Öl", "ångström",
		"deploy", "build", "pipeline", "cluster", "queue", "index", "schema", "invoice", "order", "stock", "warehouse", "budget",
		"forecast", "quarter", "roadmap", "milestone", "risk", "owner", "approve", "reject", "measure", "monitor", "alert", "backup",
		"restore", "archive", "policy", "access", "token", "network", "switch", "router", "latency", "throughput", "capacity", "limit",
		"R&amp;D", "Q&amp;A", "&lt;none&gt;", "don&rsquo;t", "caf&eacute;", "10&nbsp;%", "draft", "final", "agreed", "open", "closed",
	},
	Cyrillic: {
		"и", "в", "на", "по", "для", "сервер", "команда", "план", "отчёт", "проект", "выпуск", "очередь", "склад", "заказ", "клиент",
		"проверка", "доступ", "сеть", "ошибка", "журнал", "резерв", "восстановление", "настройка", "версия", "обзор", "встреча",
		"решение", "вопрос", "ответ", "срок", "бюджет", "договор", "поставка", "качество", "измерение", "обучение", "ёмкость",
	},
	CJK: {
		"設計", "会議", "議事録", "手順", "障害", "報告", "計画", "資料", "確認", "承認", "開発", "環境", "設定", "変更", "顧客", "注文",
		"在庫", "倉庫", "予算", "四半期", "目標", "进度", "测试", "部署", "版本", "数据库", "服务器", "网络", "权限", "备份", "恢复", "문서",
		"회의", "검토", "배포", "서버", "権限", "週次", "に", "は", "を", "の", "が", "です", "ます", "的", "和", "在",
	},
	Arabic: {
		"في", "من", "على", "إلى", "خطة", "مشروع", "فريق", "خادم", "تقرير", "اجتماع", "مراجعة", "إصدار", "نسخة", "شبكة", "طلب", "مخزن",
		"ميزانية", "هدف", "جودة", "قياس", "تدريب", "سؤال", "جواب", "قرار", "موعد", "عميل", "وثيقة", "إعداد", "تغيير", "خطأ", "سجل",
	},
}

// sentences makes the stock of a script. Paragraphs are put together from it, so that writing is as fast as copying.
func sentences(s Script, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 0x70726f7365+uint64(s)))
	words := vocabulary[s]
	all := make([][]byte, 1500)
	for i := range all {
		var b []byte
		for j := range 6 + r.IntN(16) {
			if j > 0 && s != CJK {
				b = append(b, ' ')
			}
			b = append(b, words[r.IntN(len(words))]...)
		}
		if s == CJK {
			b = append(b, "。"...)
		} else {
			b = append(b, ". "...)
		}
		all[i] = b
	}
	return all
}

func (g *generator) sentence(s Script) []byte { return g.prose[s][g.IntN(len(g.prose[s]))] }

// written is a body with what the rest of the export needs to know of it. Its text is good until the next one is made.
type written struct {
	text     []byte
	from, to int    // the first block, which is well-formed by itself
	marker   string // ref of an inline comment marker in the text
}

// part appends one piece of a body.
type part func(g *generator, space, n int, s Script)

// write makes a body of about the given number of bytes.
func (g *generator) write(space, n, size, files int) written {
	g.body = g.body[:0]
	script := g.script()
	parts := g.parts(files)
	layout := g.chance(g.Parts.Layouts)
	var w written
	if g.chance(g.Around.InlineComments) {
		w.marker = fmt.Sprintf("%08x-0000-4000-8000-%012x", g.Uint32(), n)
	}
	if layout {
		g.body = append(g.body, `<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell>`...)
	}
	w.from = len(g.body)
	paragraph(g, space, n, script)
	w.to = len(g.body)
	if w.marker != "" {
		g.body = fmt.Appendf(g.body, `<p>Look <ac:inline-comment-marker ac:ref="%s">here</ac:inline-comment-marker> first.</p>`, w.marker)
	}
	for _, p := range parts {
		p(g, space, n, script)
	}
	g.fill(parts, space, n, size, script)
	if layout {
		g.body = append(g.body, `</ac:layout-cell></ac:layout-section></ac:layout>`...)
	}
	w.text = g.body
	return w
}

func (g *generator) fill(parts []part, space, n, size int, script Script) {
	for len(g.body) < size {
		switch g.IntN(8) {
		case 0:
			heading(g, space, n, script)
		case 1:
			list(g, space, n, script)
		case 2:
			parts[g.IntN(len(parts))](g, space, n, script)
		default:
			paragraph(g, space, n, script)
		}
	}
}

// parts chooses what a body is made of beside prose.
func (g *generator) parts(files int) []part {
	all := []part{paragraph}
	for _, p := range []struct {
		share float64
		part  part
	}{
		{g.Parts.Tables, table}, {g.Parts.Macros, macro}, {g.Parts.Code, code}, {g.Parts.Tasks, tasks}, {g.Parts.Links, link},
		{g.Parts.CrossLinks, crossLink}, {g.Parts.IDLinks, idLink}, {g.Parts.Mentions, mention},
	} {
		if g.chance(p.share) {
			all = append(all, p.part)
		}
	}
	if files > 0 && g.chance(g.Parts.Images) {
		all = append(all, image)
	}
	return all
}

func paragraph(g *generator, _, _ int, s Script) {
	g.body = append(g.body, "<p>"...)
	for i := range 1 + g.IntN(6) {
		if i == 1 && g.IntN(3) == 0 {
			g.body = append(g.body, "<strong>"...)
			g.body = append(g.body, g.sentence(s)...)
			g.body = append(g.body, "</strong>"...)
			continue
		}
		g.body = append(g.body, g.sentence(s)...)
	}
	g.body = append(g.body, "</p>"...)
}

func heading(g *generator, _, _ int, s Script) {
	level := byte('1' + g.IntN(3))
	g.body = append(g.body, '<', 'h', level, '>')
	g.body = append(g.body, vocabulary[s][g.IntN(len(vocabulary[s]))]...)
	g.body = append(g.body, " "...)
	g.body = append(g.body, vocabulary[s][g.IntN(len(vocabulary[s]))]...)
	g.body = append(g.body, '<', '/', 'h', level, '>')
}

func list(g *generator, _, _ int, s Script) {
	tag := [...]string{"ul", "ol"}[g.IntN(2)]
	g.body = append(g.body, "<"+tag+">"...)
	for range 2 + g.IntN(6) {
		g.body = append(g.body, "<li>"...)
		g.body = append(g.body, g.sentence(s)...)
		g.body = append(g.body, "</li>"...)
	}
	g.body = append(g.body, "</"+tag+">"...)
}

func table(g *generator, _, _ int, s Script) {
	columns := 2 + g.IntN(4)
	g.body = append(g.body, "<table><tbody><tr>"...)
	for range columns {
		g.body = append(g.body, "<th>"...)
		g.body = append(g.body, vocabulary[s][g.IntN(len(vocabulary[s]))]...)
		g.body = append(g.body, "</th>"...)
	}
	g.body = append(g.body, "</tr>"...)
	for range 2 + g.IntN(10) {
		g.body = append(g.body, "<tr>"...)
		if g.IntN(9) == 0 {
			g.body = append(g.body, `<td colspan="`...)
			g.body = strconv.AppendInt(g.body, int64(columns), 10)
			g.body = append(g.body, `">`...)
			g.body = append(g.body, g.sentence(s)...)
			g.body = append(g.body, "</td></tr>"...)
			continue
		}
		for range columns {
			g.body = append(g.body, "<td><p>"...)
			g.body = append(g.body, g.sentence(s)...)
			g.body = append(g.body, "</p></td>"...)
		}
		g.body = append(g.body, "</tr>"...)
	}
	g.body = append(g.body, "</tbody></table>"...)
}

func macro(g *generator, _, _ int, s Script) {
	switch name := [...]string{"info", "note", "warning", "panel", "expand", "toc", "children", "status"}[g.IntN(8)]; name {
	case "toc", "children":
		g.body = append(g.body, `<p><ac:structured-macro ac:name="`+name+`" ac:schema-version="1"/></p>`...)
	case "status":
		g.body = append(g.body, `<p><ac:structured-macro ac:name="status" ac:schema-version="1"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">done</ac:parameter></ac:structured-macro></p>`...)
	default:
		g.body = append(g.body, `<ac:structured-macro ac:name="`+name+`" ac:schema-version="1"><ac:parameter ac:name="title">`...)
		g.body = append(g.body, vocabulary[s][g.IntN(len(vocabulary[s]))]...)
		g.body = append(g.body, "</ac:parameter><ac:rich-text-body>"...)
		paragraph(g, 0, 0, s)
		g.body = append(g.body, "</ac:rich-text-body></ac:structured-macro>"...)
	}
}

func code(g *generator, _, n int, _ Script) {
	g.body = append(g.body, `<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[`...)
	for i := range 3 + g.IntN(12) {
		g.body = fmt.Appendf(g.body, "if x != nil && %d < a[b[%d]] {\n\treturn <-results[%d]\n}\n", n, i, g.IntN(100))
	}
	g.body = append(g.body, "]]></ac:plain-text-body></ac:structured-macro>"...)
}

func tasks(g *generator, _, _ int, s Script) {
	g.body = append(g.body, "<ac:task-list>"...)
	for i := range 2 + g.IntN(4) {
		status := [...]string{"incomplete", "complete"}[g.IntN(2)]
		g.body = fmt.Appendf(g.body, "<ac:task><ac:task-id>%d</ac:task-id><ac:task-status>%s</ac:task-status><ac:task-body>", i+1, status)
		g.body = append(g.body, g.sentence(s)...)
		g.body = append(g.body, "</ac:task-body></ac:task>"...)
	}
	g.body = append(g.body, "</ac:task-list>"...)
}

// another is the number of a page of the same space: one that is there for certain.
func (g *generator) another(n int) int {
	if g.pages > 0 {
		return g.IntN(g.pages)
	}
	return g.IntN(n + 1)
}

func link(g *generator, space, n int, s Script) {
	g.body = append(g.body, `<p>`...)
	g.body = append(g.body, g.sentence(s)...)
	g.body = append(g.body, `<ac:link><ri:page ri:content-title="`...)
	g.body = append(g.body, html.EscapeString(g.title(space, g.another(n)))...)
	g.body = append(g.body, `"/><ac:plain-text-link-body><![CDATA[see there]]></ac:plain-text-link-body></ac:link></p>`...)
}

func crossLink(g *generator, space, n int, _ Script) {
	other := g.IntN(g.Spaces)
	at := 0 // of another space only the home page is known to be there when pages are not counted beforehand
	if there := g.count(other); there > 0 {
		at = g.IntN(there)
	}
	if other == space {
		at = g.another(n)
	}
	g.body = fmt.Appendf(g.body, `<p><ac:link><ri:page ri:space-key="%s" ri:content-title="%s"/></ac:link></p>`, spaceKey(other), html.EscapeString(g.title(other, at)))
}

func idLink(g *generator, _, n int, s Script) {
	g.body = fmt.Appendf(g.body, `<p><a href="/pages/viewpage.action?pageId=%d">`, g.first+int64(g.another(n)))
	g.body = append(g.body, g.sentence(s)...)
	g.body = append(g.body, "</a></p>"...)
}

func mention(g *generator, _, _ int, s Script) {
	g.body = append(g.body, `<p><ac:link><ri:user ri:userkey="`...)
	g.body = append(g.body, g.anyone()...)
	g.body = append(g.body, `"/></ac:link> `...)
	g.body = append(g.body, g.sentence(s)...)
	g.body = append(g.body, `</p>`...)
}

func image(g *generator, _, _ int, _ Script) {
	g.body = append(g.body, `<p><ac:image ac:width="400"><ri:attachment ri:filename="`+fileName(0)+`"/></ac:image></p>`...)
}
