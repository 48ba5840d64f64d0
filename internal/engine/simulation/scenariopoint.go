package simulation

import (
	"errors"
)

// checkpoint changes what the double checkpoint of a side says.
func (p *play) checkpoint(c checkpointStep) error {
	return errors.New("there is no double checkpoint to change")
}
