// Package simulation runs the whole engine on two emulated sites in one process, under a clock and an order of events of
// its own: requests go straight to the emulators' handlers, and nothing happens that a scheduler did not let happen.
//
// Every goroutine that the engine starts, every request on its way and every answer on its way back, every commit before
// and after it, and every wait for a time parks at a gate. When all that is left to do is parked there, the scheduler lets
// exactly one go on. So a run is a function of its seed, and a crash, a fault or a person's edit can come between any two
// steps.
package simulation
