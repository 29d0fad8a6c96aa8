package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	imageSuffix = ".img"
	// Pods get this folder of the file system and not its root: as nothing but the image has it,
	// its path is nowhere while the image is not mounted.
	filesFolder = "files"
	// mkfs.xfs makes none smaller.
	smallestImage = 300 << 20 // bytes
)

// image is an XFS file system in a sparse file, mounted at the folder beside it.
//
// XFS, because ext4 grows while it is mounted for processes with CAP_SYS_RESOURCE only, which not
// every machine gives to root (ext4_resize_begin in fs/ext4/resize.c of Linux).
type image struct {
	folder string
}

func (i image) file() string  { return i.folder + imageSuffix }
func (i image) files() string { return filepath.Join(i.folder, filesFolder) }

// create makes an image of so many bytes where there is none, and mounts it.
func (i image) create(size int64) error {
	if _, err := os.Stat(i.file()); errors.Is(err, fs.ErrNotExist) {
		if err := i.format(size); err != nil {
			return fmt.Errorf("make %s: %w", i.file(), err)
		}
	}
	return i.mount()
}

// format makes the file, which has its name only once it is whole.
func (i image) format(size int64) error {
	if err := os.MkdirAll(filepath.Dir(i.file()), 0o755); err != nil {
		return err
	}
	part := i.file() + ".part"
	if err := os.WriteFile(part, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(part, size); err != nil {
		return err
	}
	err := run("mkfs.xfs", "-q",
		"-K",             // a new file has nothing to discard
		"-i", "maxpct=3", // of the size for inodes: a file for each 17 KiB, also after it grew
		"-m", "reflink=0", // keeps a part of the size back
		part)
	if err != nil {
		return err
	}
	return os.Rename(part, i.file())
}

// mount mounts the image unless it is mounted.
func (i image) mount() error {
	// Without the image no folder is made, which would look like an empty volume.
	if _, err := os.Stat(i.file()); err != nil {
		return err
	}
	if err := os.MkdirAll(i.folder, 0o700); err != nil {
		return err
	}
	if mounted, err := i.mounted(); err != nil || mounted {
		return err
	}
	// The loop device ends with the mount, also when a crash of the node ends both. Deleted files
	// become holes of the image again.
	return run("mount", "-t", "xfs", "-o", "loop,discard", i.file(), i.folder)
}

// mounted tells whether the folder is another file system than the folder around it.
func (i image) mounted() (bool, error) {
	var inside, outside syscall.Stat_t
	if err := syscall.Stat(i.folder, &inside); err != nil {
		return false, fmt.Errorf("look at %s: %w", i.folder, err)
	}
	if err := syscall.Stat(filepath.Dir(i.folder), &outside); err != nil {
		return false, fmt.Errorf("look at %s: %w", filepath.Dir(i.folder), err)
	}
	return inside.Dev != outside.Dev, nil
}

// grow makes image and file system so many bytes large while they are used. It never shrinks one.
func (i image) grow(size int64) error {
	if err := i.mount(); err != nil {
		return err
	}
	info, err := os.Stat(i.file())
	if err != nil {
		return err
	}
	if info.Size() < size {
		if err := os.Truncate(i.file(), size); err != nil {
			return err
		}
	}
	// From here on again after a crash in between.
	device, err := output("losetup", "--noheadings", "--output", "NAME", "--associated", i.file())
	if err != nil {
		return err
	}
	if err := run("losetup", "--set-capacity", device); err != nil {
		return err
	}
	return run("xfs_growfs", "-d", i.folder)
}

// remove unmounts and deletes the image. One in use is an error, and stays.
func (i image) remove() error {
	mounted, err := i.mounted()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if mounted {
		if err := run("umount", i.folder); err != nil {
			return err
		}
	}
	if err := os.Remove(i.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(i.folder)
}

func run(name string, arguments ...string) error {
	_, err := output(name, arguments...)
	return err
}

// output runs a program; an error has what it said.
func output(name string, arguments ...string) (string, error) {
	command := exec.Command(name, arguments...)
	command.Env = append(os.Environ(), "LC_ALL=C")
	said, err := command.CombinedOutput()
	text := strings.TrimSpace(string(said))
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, text)
	}
	return text, nil
}
