package emulator

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// faulty runs what is known of a fault, on each personality that has it.
func faulty(t *testing.T, id string) {
	t.Helper()
	at := slices.IndexFunc(faultRows, func(r faultRow) bool { return r.id == id })
	if at < 0 {
		t.Fatalf("there is no fault %s", id)
	}
	row := faultRows[at]
	run := func(on string, lab func(*testing.T, string) *lab, known map[string]func(*lab) error) {
		for _, key := range slices.Sorted(maps.Keys(known)) {
			of, variant, _ := strings.Cut(key, "/")
			if of != id {
				continue
			}
			do := "{fault: " + id + "}"
			if variant != "" {
				do = "{fault: " + id + ", variant: " + variant + "}"
			}
			t.Run(on+"/"+key, func(t *testing.T) {
				if err := known[key](lab(t, "rules: [{do: "+do+"}]")); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if row.personality != "dc" {
		run("cloud", newLab, fired)
	}
	run("dc", newDCLab, firedDC)
	run("dc", newDCLab, firedBackups)
	run("dc", newDCLab, firedOnDC)
}

func TestRow_ID_16(t *testing.T) { faulty(t, "ID-16") }

func TestRow_AU_12(t *testing.T) { faulty(t, "AU-12") }

func TestRow_AU_19(t *testing.T) { faulty(t, "AU-19") }

func TestRow_ER_11(t *testing.T) { faulty(t, "ER-11") }

func TestRow_ER_12(t *testing.T) { faulty(t, "ER-12") }

func TestRow_ER_15(t *testing.T) { faulty(t, "ER-15") }

func TestRow_ER_19(t *testing.T) { faulty(t, "ER-19") }

func TestRow_RL_08(t *testing.T) { faulty(t, "RL-08") }

func TestRow_PG_11(t *testing.T) { faulty(t, "PG-11") }

func TestRow_PG_14(t *testing.T) { faulty(t, "PG-14") }

func TestRow_PA_02(t *testing.T) { faulty(t, "PA-02") }

func TestRow_AT_12(t *testing.T) { faulty(t, "AT-12") }

func TestRow_CQ_09(t *testing.T) { faulty(t, "CQ-09") }

func TestRow_ST_14(t *testing.T) { faulty(t, "ST-14") }

func TestRow_ER_04_Faults(t *testing.T) { faulty(t, "ER-04") }
