package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileSystems names the magic numbers of file systems, and says on which of them
// what the log server acknowledges is promised to last.
var fileSystems = map[uint32]struct {
	name    string
	durable bool
}{
	0xEF53:     {"ext4", true},
	0x58465342: {"xfs", true},
	0x9123683E: {"btrfs", true},
	0x01021994: {"tmpfs (memory)", false},
	0x794C7630: {"overlay", false},
	0x6969:     {"nfs", false},
	0x2FC12FC1: {"zfs", false},
	0x65735546: {"fuse", false},
	0xFF534D42: {"cifs", false},
}

// fileSystem says what kind of file system a folder is on.
func fileSystem(dir string) (name string, durable bool, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return "", false, fmt.Errorf("file system of %s: %w", dir, err)
	}
	magic := uint32(stat.Type)
	if known, ok := fileSystems[magic]; ok {
		return known.name, known.durable, nil
	}
	return fmt.Sprintf("type 0x%x", magic), false, nil
}
