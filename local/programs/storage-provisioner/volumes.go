package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// volumes makes volumes below root on the one node: images of the claim's size
// or, where the machine has no loop devices, plain folders. Which of them a
// volume is, its path tells for as long as it lives.
type volumes struct {
	root         string
	node         string
	gid          int
	enforceSizes bool

	// One thing at a time is done to images: all of it is quick.
	lock sync.Mutex
}

// Provision makes the volume, writable by the group that sessions run with.
func (v *volumes) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	size := options.PVC.Spec.Resources.Requests[corev1.ResourceStorage]
	path := filepath.Join(v.root, options.PVName)
	if v.enforceSizes {
		if size.Value() < smallestImage {
			size = *resource.NewQuantity(smallestImage, resource.BinarySI)
		}
		made := image{path}
		if err := made.create(size.Value()); err != nil {
			return nil, controller.ProvisioningNoChange, err
		}
		path = made.files()
	}
	if err := v.share(path); err != nil {
		return nil, controller.ProvisioningNoChange, fmt.Errorf("make the volume's folder: %w", err)
	}
	// Where the folder is not there, because the image is not mounted, no pod starts that would
	// write beside the files.
	folder := corev1.HostPathDirectory
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: size},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &folder},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{v.node},
				}}}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

// share makes a folder that the sessions' group may write to.
func (v *volumes) share(path string) error {
	if err := os.MkdirAll(path, 0o770); err != nil {
		return err
	}
	// Chmod after Mkdir, whose mode the umask would narrow; setgid keeps the group.
	if err := os.Chown(path, 0, v.gid); err != nil {
		return err
	}
	return os.Chmod(path, 0o770|os.ModeSetgid)
}

// Delete removes the files of a volume whose claim is gone.
func (v *volumes) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	v.lock.Lock()
	defer v.lock.Unlock()
	folder, isImage, err := v.locate(volume)
	if err != nil {
		return err
	}
	if isImage {
		return image{folder}.remove()
	}
	return os.RemoveAll(folder)
}

// mount mounts a volume that is not; nothing for a plain folder.
func (v *volumes) mount(volume *corev1.PersistentVolume) error {
	v.lock.Lock()
	defer v.lock.Unlock()
	folder, isImage, err := v.locate(volume)
	if err != nil || !isImage {
		return err
	}
	return image{folder}.mount()
}

// grow makes a volume as large as so many bytes; a plain folder has no size.
func (v *volumes) grow(volume *corev1.PersistentVolume, size int64) error {
	v.lock.Lock()
	defer v.lock.Unlock()
	folder, isImage, err := v.locate(volume)
	if err != nil || !isImage {
		return err
	}
	return image{folder}.grow(size)
}

// mountAll mounts every image that there is. One that cannot be mounted is tried again later and
// keeps no other from it.
func (v *volumes) mountAll() {
	v.lock.Lock()
	defer v.lock.Unlock()
	found, err := filepath.Glob(filepath.Join(v.root, "*"+imageSuffix))
	if err != nil {
		klog.Fatalf("look for volumes in %s: %v", v.root, err)
	}
	for _, each := range found {
		if err := (image{strings.TrimSuffix(each, imageSuffix)}).mount(); err != nil {
			klog.Errorf("a volume is not there for pods: %v", err)
		}
	}
}

// locate gives a volume's folder below root, and whether it is an image that is mounted there.
func (v *volumes) locate(volume *corev1.PersistentVolume) (string, bool, error) {
	if volume.Spec.HostPath == nil {
		return "", false, fmt.Errorf("volume %s is no folder of the node: left alone", volume.Name)
	}
	folder := filepath.Clean(volume.Spec.HostPath.Path)
	isImage := filepath.Base(folder) == filesFolder
	if isImage {
		folder = filepath.Dir(folder)
	}
	if filepath.Dir(folder) != filepath.Clean(v.root) {
		return "", false, fmt.Errorf("volume %s lies at %s, not below %s: left alone", volume.Name, volume.Spec.HostPath.Path, v.root)
	}
	return folder, isImage, nil
}
