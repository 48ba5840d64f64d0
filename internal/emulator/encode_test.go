package emulator

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

// TestEncode: what encode writes is what encoding/json writes.
func TestEncode(t *testing.T) {
	type row struct {
		Name string `json:"name"`
		N    int    `json:"n,omitempty"`
	}
	leaves := []any{
		nil, "", "plain", `a "quoted" \ text`, "<b>&amp;</b>", "tab\tline\nend\r\b\f\x00\x1f\x7f", "caf\u00e9 \u2028 \u2029 \U0001F600", "cut \xff off",
		true, false, 0, -12, int64(1) << 60, int32(7), uint8(3), 1.5, 1e30, json.Number("12.50"), json.RawMessage(` { "a" : [ 1 , "<" ] } `),
		row{"<x>", 0}, &row{"y", 2}, []row{{"z", 1}}, time.Unix(0, 0).UTC(), []int{1, 2}, map[string]string{"b": "1", "a": "<"}, []byte("bytes"),
		object{}, object(nil), []object{}, []object(nil), []string{}, []string(nil), []string{"a", "<"}, []any{}, []any(nil),
	}
	r := rand.New(rand.NewPCG(1, 1))
	var grow func(depth int) any
	grow = func(depth int) any {
		if depth == 0 || r.IntN(4) == 0 {
			return leaves[r.IntN(len(leaves))]
		}
		n := r.IntN(30)
		switch r.IntN(3) {
		case 0:
			list := []any{}
			for range n % 5 {
				list = append(list, grow(depth-1))
			}
			return list
		case 1:
			list := []object{}
			for range n % 5 {
				list = append(list, object{"v": grow(depth - 1)})
			}
			return list
		}
		o := object{}
		for range n {
			o[string(rune('a'+r.IntN(26)))+leaves[1+r.IntN(6)].(string)] = grow(depth - 1)
		}
		return o
	}
	values := append([]any{}, leaves...)
	for range 500 {
		values = append(values, grow(3))
	}
	for _, v := range values {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		if got := encode(v); !bytes.Equal(got, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
			t.Errorf("%s, not %s", got, want.Bytes())
		}
	}
}
