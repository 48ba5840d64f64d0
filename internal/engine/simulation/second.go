package simulation

import "errors"

// overtake lets a process sleep and starts a second engine on its store. As long as the first one sleeps its leases run
// out, and it does not know.
func (w *World) overtake(p *process) {
	w.gate.sleeps(p, true)
	q := w.newProcess(p.dir)
	q.store, q.guest = p.store, true
	w.others = append(w.others, q)
	q.run()
}

// rouse wakes the processes that sleep, where the others have nothing left to do. It reports whether there were any.
func (w *World) rouse() bool {
	woke := false
	for _, p := range append([]*process{w.proc}, w.others...) {
		if p.asleep && w.idle() {
			w.gate.sleeps(p, false)
			p.overslept = true
			woke = true
		}
	}
	return woke
}

// alone ends the further engines.
func (w *World) alone() error {
	var errs []error
	for _, p := range w.others {
		errs = append(errs, p.end())
	}
	w.others = nil
	return errors.Join(errs...)
}

func (g *gate) sleeps(p *process, asleep bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.asleep = asleep
}
