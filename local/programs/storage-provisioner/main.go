// Command storage-provisioner gives each PersistentVolumeClaim of its class a
// folder on this node. It is the Kubernetes project's provisioner library with
// the least of its own: make the folder, name it in a volume, delete it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisionerName = "gpucommons.io/folder"

// folders makes volumes that are folders below root on the one node.
type folders struct {
	root string
	node string
	gid  int
}

// Provision makes the folder, writable by the group that sessions run with.
func (f *folders) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	path := filepath.Join(f.root, options.PVName)
	if err := os.MkdirAll(path, 0o770); err != nil {
		return nil, controller.ProvisioningNoChange, fmt.Errorf("make the volume's folder: %w", err)
	}
	// Chmod after Mkdir, whose mode the umask would narrow; setgid keeps the group.
	if err := os.Chown(path, 0, f.gid); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	if err := os.Chmod(path, 0o770|os.ModeSetgid); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	folder := corev1.HostPathDirectory
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: options.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &folder},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{f.node},
				}}}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the folder of a volume whose claim is gone.
func (f *folders) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	path := volume.Spec.HostPath.Path
	if filepath.Dir(path) != filepath.Clean(f.root) {
		return fmt.Errorf("volume %s lies at %s, not below %s: left alone", volume.Name, path, f.root)
	}
	return os.RemoveAll(path)
}

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	root := flag.String("root", "", "folder that holds the volumes")
	node := flag.String("node", "", "name of this node")
	gid := flag.Int("gid", 100, "group that owns new volumes")
	flag.Parse()
	if *kubeconfig == "" || *root == "" || *node == "" {
		fmt.Fprintln(os.Stderr, "storage-provisioner: --kubeconfig, --root and --node are needed")
		os.Exit(2)
	}
	ctx := klog.NewContext(context.Background(), klog.Background())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatalf("read %s: %v", *kubeconfig, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatalf("make a client: %v", err)
	}
	provisioner := &folders{root: *root, node: *node, gid: *gid}
	controller.NewProvisionController(
		ctx, client, provisionerName, provisioner, controller.LeaderElection(false),
	).Run(ctx)
}
