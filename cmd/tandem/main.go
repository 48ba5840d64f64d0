// Command tandem migrates Confluence spaces and proves that they arrived.
package main

import (
	"os"

	"github.com/tandem-sync/tandem/internal/cli"
)

func main() { os.Exit(cli.Main()) }
